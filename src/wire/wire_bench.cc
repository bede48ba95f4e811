// What one signed StartExecution costs in the wire layer, without socket and engine: recognise, verify, parse,
// validate, call, render. And its parts.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <future>

#include "json/parse.h"
#include "wire/protocol.h"
#include "wire/test_server.h"
#include "wire/validate.h"

namespace escapement::wire {
namespace {

constexpr std::string_view kBody =
    R"({"stateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:wait-then-call",)"
    R"("name":"2f1b2c3d-0000-1111-2222-333344445555",)"
    R"("input":"{\"waitSeconds\": 90, \"who\": \"someone\", \"payload\": \"0123456789012345678901234567890123456789)"
    R"(012345678901234567890123456789\"}"})";

http::Request received(const http::ClientRequest& sent) {
  http::Request request;
  request.method = sent.method;
  request.target = sent.target;
  for (const auto& [name, value] : sent.fields) request.fields.add(name, value);
  request.body = sent.body;
  request.peer = "127.0.0.1";
  return request;
}

http::ClientRequest unsigned_request() {
  http::ClientRequest sent;
  sent.origin = {"http", "127.0.0.1", 4566};
  sent.method = "POST";
  sent.fields = {{"Content-Type", "application/x-amz-json-1.0"},
                 {"X-Amz-Target", "AWSStepFunctions.StartExecution"},
                 {"User-Agent", "aws-sdk-js/3.0.0 ua/2.1 os/linux lang/js md/nodejs#20.0.0 api/sfn#3.0.0 m/E,N"},
                 {"amz-sdk-invocation-id", "2f1b2c3d-0000-1111-2222-333344445555"},
                 {"amz-sdk-request", "attempt=1; max=3"}};
  sent.body = kBody;
  return sent;
}

http::ClientRequest signed_request(base::Timestamp now) {
  auto sent = unsigned_request();
  Signer({"AKIDTEST", "secret", ""}, "us-east-1", "states").sign(sent, now);
  return sent;
}

void sign(benchmark::State& state) {
  Signer signer({"AKIDTEST", "secret", ""}, "us-east-1", "states");
  const base::SystemClock clock;
  const auto plain = unsigned_request();
  for (auto _ : state) {
    auto request = plain;
    signer.sign(request, clock.now());
    benchmark::DoNotOptimize(request);
  }
}
BENCHMARK(sign);

void verify(benchmark::State& state) {
  TestKeys keys;
  const base::SystemClock clock;
  const SigV4Verifier verifier(keys, {});
  const http::Request request = received(signed_request(clock.now()));
  const auto now = clock.now();
  for (auto _ : state) {
    if (!verifier.verify(request, now)) state.SkipWithError("refused");
  }
}
BENCHMARK(verify);

void read_and_validate(benchmark::State& state) {
  const base::SystemClock clock;
  const http::Request request = received(signed_request(clock.now()));
  const Recognised recognised = recognise(request, find_credential_scope(request));
  for (auto _ : state) {
    const auto input = read_input(recognised, request, 256);
    if (!input || !validate(*input, *recognised.operation->input, *recognised.model)) state.SkipWithError("refused");
  }
}
BENCHMARK(read_and_validate);

// A Responder needs a connection; this one drops the answer, whose rendering is what is measured.
void start_execution(benchmark::State& state) {
  TestKeys keys;
  const base::SystemClock clock;
  Dispatcher dispatcher({}, keys, clock);
  auto states = std::make_shared<TestService>("stepfunctions");
  const json::Value answer = json::Value::object(
      {{"executionArn",
        "arn:aws:states:us-east-1:123456789012:execution:wait-then-call:2f1b2c3d-0000-1111-2222-333344445555"},
       {"startDate", 1'700'000'000.25}});
  states->answers["StartExecution"] = [&](Call, Respond respond) { respond(answer); };
  dispatcher.add(states);
  const http::Request request = received(signed_request(clock.now()));
  for (auto _ : state) {
    http::Request copy = request;
    dispatcher.handle(std::move(copy), http::Responder());
  }
  if (dispatcher.figures().client_errors > 0) state.SkipWithError("refused");
}
BENCHMARK(start_execution);

double thread_cpu_us(http::Loop& loop) {
  std::promise<double> answer;
  loop.post([&] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    answer.set_value(static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
  });
  return answer.get_future().get();
}

// The same over sockets, each request signed afresh: what the network side of an acknowledged start costs at most.
void over_sockets(benchmark::State& state) {
  TestServer server;
  const json::Value answer = json::Value::object({{"executionArn", "arn:x"}, {"startDate", 1'700'000'000.25}});
  server.service("stepfunctions").answers["StartExecution"] = [&](Call, Respond respond) { respond(answer); };
  constexpr int kRequests = 50'000;
  const auto connections = static_cast<int>(state.range(0));
  auto plain = unsigned_request();
  plain.origin.port = server.port;
  Signer signer({"AKIDTEST", "secret", ""}, "us-east-1", "states");
  const double server_before = thread_cpu_us(server.server.loop());
  const double client_before = thread_cpu_us(server.loop);
  std::int64_t total = 0;
  for (auto _ : state) {
    std::atomic<int> left = kRequests;
    std::promise<void> done;
    std::function<void()> next = [&] {
      auto request = plain;
      signer.sign(request, server.clock.now());
      server.client.send(std::move(request), [&](base::Result<http::ClientResponse> result) {
        if (!result || result->status != 200) std::abort();
        const int now_left = --left;
        if (now_left == 0) done.set_value();
        if (now_left >= connections) next();
      });
    };
    server.loop.post([&] {
      for (int i = 0; i < connections; ++i) next();
    });
    done.get_future().wait();
    total += kRequests;
  }
  state.SetItemsProcessed(total);
  state.counters["server_us"] = (thread_cpu_us(server.server.loop()) - server_before) / static_cast<double>(total);
  state.counters["client_us"] = (thread_cpu_us(server.loop) - client_before) / static_cast<double>(total);
}
BENCHMARK(over_sockets)->ArgName("connections")->Arg(16)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace escapement::wire
