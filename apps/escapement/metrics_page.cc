#include "metrics_page.h"

#include <fmt/format.h>

namespace escapement::app {
namespace {

class Page {
 public:
  void counter(std::string_view name, std::string_view help, std::uint64_t value) { one(name, help, "counter", value); }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) { one(name, help, "gauge", value); }

  void histogram(std::string_view name, std::string_view help, const base::Histogram& histogram) {
    head(name, help, "histogram");
    for (const std::int64_t us : {100, 250, 500, 1'000, 2'000, 5'000, 10'000, 20'000, 50'000, 100'000, 250'000, 500'000,
                                  1'000'000, 5'000'000, 60'000'000}) {
      text_ += fmt::format("escapement_{}_bucket{{le=\"{}\"}} {}\n", name, static_cast<double>(us) / 1e6,
                           histogram.count_up_to({us}));
    }
    text_ += fmt::format("escapement_{}_bucket{{le=\"+Inf\"}} {}\n", name, histogram.count());
    text_ += fmt::format("escapement_{}_sum {}\n", name, histogram.sum().as_seconds());
    text_ += fmt::format("escapement_{}_count {}\n", name, histogram.count());
    // Finer than buckets can say; a gauge each, over the process's life.
    head(fmt::format("{}_quantile", name), "Quantiles since the process started.", "gauge");
    for (const double q : {0.5, 0.9, 0.99, 0.999, 1.0}) {
      const base::Duration value = q < 1 ? histogram.quantile(q) : histogram.max();
      text_ += fmt::format("escapement_{}_quantile{{quantile=\"{}\"}} {}\n", name, q, value.as_seconds());
    }
  }

  std::string take() { return std::move(text_); }

 private:
  void head(std::string_view name, std::string_view help, std::string_view type) {
    text_ += fmt::format("# HELP escapement_{0} {1}\n# TYPE escapement_{0} {2}\n", name, help, type);
  }
  void one(std::string_view name, std::string_view help, std::string_view type, std::uint64_t value) {
    head(name, help, type);
    text_ += fmt::format("escapement_{} {}\n", name, value);
  }
  std::string text_;
};

}  // namespace

std::string render_metrics(const engine::Engine& engine, const functions::FunctionService& functions,
                           const wire::Dispatcher& dispatcher, const store::Store& store) {
  Page page;
  const engine::Statistics e = engine.statistics();
  page.gauge("accepting", "1 while the engine takes work; 0 after a failed sync.", engine.accepting() ? 1 : 0);
  page.counter("executions_started_total", "Executions started.", e.started);
  page.counter("executions_ended_total", "Executions ended.", e.ended);
  page.counter("timers_fired_total", "Waits, retries and timeouts that came due.", e.timers_fired);
  page.counter("commands_total", "Commands applied to executions.", e.commands);
  page.counter("commits_total", "Batches made durable.", e.commits);
  page.gauge("queued_commands", "Commands waiting for a shard.", e.queued_commands);
  page.gauge("resident_timers", "Timers in memory.", e.resident_timers);
  page.gauge("dispatched_tasks", "Tasks in flight.", e.dispatched_tasks);
  page.histogram("lateness_seconds", "From a timer's due time to the release of its effects.", engine.lateness());
  page.histogram("commit_seconds", "Time of one durable commit.", engine.commit_time());

  const functions::Figures f = functions.figures();
  page.counter("function_invocations_total", "Function invocations.", f.invocations);
  page.counter("function_errors_total", "Invocations that ended in an error of the function.", f.function_errors);
  page.counter("function_throttles_total", "Invocations refused for want of concurrency.", f.throttled);
  page.counter("function_timeouts_total", "Invocations killed at their timeout.", f.timed_out);
  page.counter("function_processes_started_total", "Function processes started (cold starts).", f.processes_started);
  page.gauge("function_processes", "Function processes alive.", f.processes);
  page.gauge("function_running", "Invocations running.", f.running);
  page.gauge("function_queued", "Invocations waiting for a process.", f.queued);
  page.gauge("function_events_pending", "Asynchronous invocations not yet done with.", f.events_pending);

  const wire::DispatcherFigures w = dispatcher.figures();
  page.counter("calls_total", "API calls.", w.calls);
  page.counter("call_client_errors_total", "API calls answered with a client error.", w.client_errors);
  page.counter("call_server_errors_total", "API calls answered with a server error.", w.server_errors);
  for (const auto& [name, value] : store.statistics()) page.gauge("store_" + name, "Of the database.", value);
  return page.take();
}

}  // namespace escapement::app
