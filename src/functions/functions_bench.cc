// How fast functions are invoked and started: one Node process, one Python process, cold and warm.
#include <benchmark/benchmark.h>

#include <atomic>
#include <semaphore>

#include "functions/log_store.h"
#include "functions/test_service.h"

namespace escapement::functions {
namespace {

// Logs go to files, as in the server.
TestService& service() {
  static const std::string directory = "/tmp/esc-functions-bench-" + std::to_string(::getpid());
  static base::SystemClock clock;
  static const auto logs = *LogStore::open(directory, clock, {});
  static const std::unique_ptr<void, void (*)(void*)> cleaner(&clock,
                                                              [](void*) { std::filesystem::remove_all(directory); });
  static TestService instance(logs.get());
  return instance;
}

void prepare(const char* name, const char* runtime) {
  const bool node = std::string_view(runtime).starts_with("node");
  service().add_function(
      name, {.runtime = runtime, .handler = "index.handler"},
      node ? Files{{"index.js", "exports.handler = async (event) => ({ ok: true, id: event.id });"}}
           : Files{{"index.py", "def handler(event, context):\n    return {'ok': True, 'id': event['id']}\n"}});
  for (int i = 0; i < 200; ++i) {
    if (!service().call(name, R"({"id":1})")) std::abort();
  }
}

// Invocations with `outstanding` callers at a time.
void invoke(benchmark::State& state, const char* name, const char* runtime) {
  prepare(name, runtime);
  const auto outstanding = static_cast<std::ptrdiff_t>(state.range(0));
  std::counting_semaphore<> slots(outstanding);
  const auto before = service().service->figures();
  for (auto _ : state) {
    slots.acquire();
    InvokeRequest request{
        .function = name,
        .region = "us-east-1",
        .payload = R"({"id":12345,"executionArn":"arn:aws:states:us-east-1:123456789012:execution:m:e"})"};
    request.queue_when_busy = true;
    service().service->invoke(std::move(request), [&](base::Result<InvokeResult> result) {
      benchmark::DoNotOptimize(result);
      slots.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < outstanding; ++i) slots.acquire();
  state.SetItemsProcessed(state.iterations());
  state.counters["processes_started"] =
      static_cast<double>(service().service->figures().processes_started - before.processes_started);
}

void cold(benchmark::State& state, const char* runtime) {
  const bool node = std::string_view(runtime).starts_with("node");
  std::int64_t n = 0;
  for (auto _ : state) {
    state.PauseTiming();
    // A changed function needs a new process.
    const std::string mark = std::to_string(++n);
    service().add_function("cold", {.runtime = runtime, .handler = "index.handler", .environment = {{"N", mark}}},
                           node ? Files{{"index.js", "exports.handler = async () => 1;"}}
                                : Files{{"index.py", "def handler(event, context):\n    return 1\n"}});
    state.ResumeTiming();
    if (!service().call("cold", "{}")) std::abort();
  }
}

void node(benchmark::State& state) { invoke(state, "bench-node", "nodejs20.x"); }
void python(benchmark::State& state) { invoke(state, "bench-python", "python3.12"); }
void cold_node(benchmark::State& state) { cold(state, "nodejs20.x"); }
void cold_python(benchmark::State& state) { cold(state, "python3.12"); }

BENCHMARK(node)->Arg(1)->Arg(64)->Arg(1024)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(python)->Arg(1)->Arg(64)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(cold_node)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(cold_python)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace escapement::functions
