// What a bare request costs: an SDK-like POST of about 1.1 KB, a 100-byte answer, keep-alive, no pipelining.
// `server_us` is the CPU time of the server's thread a request; the real time shares the machine with the client.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <future>

#include "http/client.h"
#include "http/server.h"

namespace escapement::http {
namespace {

double thread_cpu_us(Loop& loop) {
  std::promise<double> answer;
  loop.post([&] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    answer.set_value(static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
  });
  return answer.get_future().get();
}

void requests(benchmark::State& state) {
  const bool answer_elsewhere = state.range(1) != 0;
  Loop elsewhere;
  Server server({}, [&](Request&&, Responder responder) {
    Response response;
    response.content_type = "application/x-amz-json-1.0";
    response.fields.emplace_back("x-amzn-RequestId", "2f1b2c3d-0000-1111-2222-333344445555");
    response.body.assign(100, 'x');
    if (!answer_elsewhere) return responder.send(std::move(response));
    elsewhere.post([response = std::move(response), responder = std::move(responder)]() mutable {
      responder.send(std::move(response));
    });
  });
  ClientRequest request;
  request.origin = {"http", "127.0.0.1", server.listen_tcp("127.0.0.1", 0).value()};
  request.method = "POST";
  request.fields = {{"Content-Type", "application/x-amz-json-1.0"},
                    {"X-Amz-Target", "AWSStepFunctions.StartExecution"},
                    {"User-Agent", std::string(180, 'u')},
                    {"X-Amz-Date", "20250101T000000Z"},
                    {"Authorization", std::string(200, 'a')}};
  request.body.assign(500, 'b');
  Loop loop;
  ClientOptions options;
  options.connections_per_origin_max = 1'024;
  Client client(loop, options);
  const auto connections = static_cast<int>(state.range(0));
  constexpr int kRequests = 50'000;
  const double server_before = thread_cpu_us(server.loop());
  const double client_before = thread_cpu_us(loop);
  std::int64_t total = 0;
  for (auto _ : state) {
    std::atomic<int> left = kRequests;
    std::promise<void> done;
    std::function<void()> next = [&] {
      client.send(request, [&](base::Result<ClientResponse> result) {
        if (!result || result->status != 200) std::abort();
        const int now_left = --left;
        if (now_left == 0) done.set_value();
        if (now_left >= connections) next();
      });
    };
    loop.post([&] {
      for (int i = 0; i < connections; ++i) next();
    });
    done.get_future().wait();
    total += kRequests;
  }
  state.SetItemsProcessed(total);
  state.counters["server_us"] = (thread_cpu_us(server.loop()) - server_before) / static_cast<double>(total);
  state.counters["client_us"] = (thread_cpu_us(loop) - client_before) / static_cast<double>(total);
}
BENCHMARK(requests)
    ->ArgNames({"connections", "elsewhere"})
    ->Args({1, 0})
    ->Args({64, 0})
    ->Args({64, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace escapement::http
