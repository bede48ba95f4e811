#include "functions/worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>

#include "functions/function_error.h"
#include "functions/runtimes.h"

namespace escapement::functions {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLogTailBytes = 4'096;
constexpr std::size_t kOutputBytesPerRound = 65'536;
constexpr auto kOutputPause = 100ms;  // a process that floods its output is read again after this
constexpr auto kMemorySampleInterval = 100ms;
constexpr auto kRetirementGrace = 500ms;

std::uint64_t read_number_after(const std::string& text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == std::string::npos) return 0;
  std::size_t from = at + label.size();
  while (from < text.size() && (text[from] == ' ' || text[from] == '\t')) ++from;
  std::uint64_t number = 0;
  std::from_chars(text.data() + from, text.data() + text.size(), number);
  return number;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

struct Worker::OutputWatcher final : Watcher {
  explicit OutputWatcher(Worker& w) : worker(w) {}
  void on_ready(std::uint32_t) override { worker.read_output(); }
  Worker& worker;
};

struct Worker::EndWatcher final : Watcher {
  explicit EndWatcher(Worker& w) : worker(w) {}
  void on_ready(std::uint32_t) override { worker.on_process_end(); }
  Worker& worker;
};

Worker::Worker(WorkerServices services, WorkerOwner& owner, std::shared_ptr<const FunctionVersion> version,
               std::string log_stream)
    : services_(services), owner_(owner), version_(std::move(version)), log_stream_(std::move(log_stream)) {}

Worker::~Worker() {
  services_.reactor.cancel(deadline_timer_);
  services_.reactor.cancel(output_timer_);
  services_.reactor.cancel(lost_timer_);
  if (output_watcher_ && process_.output) services_.reactor.unwatch(process_.output.get(), *output_watcher_);
  if (end_watcher_ && process_.pidfd) {
    services_.reactor.unwatch(process_.pidfd.get(), *end_watcher_);
    ::kill(process_.pid, SIGKILL);
    siginfo_t ignored{};
    ::waitid(P_PIDFD, static_cast<id_t>(process_.pidfd.get()), &ignored, WEXITED);
  }
}

base::Result<void> Worker::attach(StartedProcess process, SteadyTime started, SteadyTime init_deadline) {
  process_ = std::move(process);
  process_started_ = started;
  end_watcher_ = std::make_unique<EndWatcher>(*this);
  ESC_CHECK(services_.reactor.watch(process_.pidfd.get(), EPOLLIN, *end_watcher_));
  output_watcher_ = std::make_unique<OutputWatcher>(*this);
  ESC_CHECK(services_.reactor.watch(process_.output.get(), EPOLLIN, *output_watcher_));
  // "nodejs20.x" is "nodejs:20" here.
  const std::size_t digits = std::min(version_->runtime.find_first_of("0123456789"), version_->runtime.size());
  std::string number = version_->runtime.substr(digits);
  if (number.ends_with(".x")) number.resize(number.size() - 2);
  write_log(fmt::format("INIT_START Runtime Version: {}:{}.v1\tRuntime Version ARN: {}\n",
                        version_->runtime.substr(0, digits), number,
                        runtime_version_arn(version_->region, version_->runtime)));
  ESC_CHECK(open_channel(std::move(process_.control)));
  arm_deadline(init_deadline);
  return {};
}

std::uint32_t Worker::milliseconds_left(const Invocation& invocation) const {
  return static_cast<std::uint32_t>(invocation.version->timeout.ms());
}

void Worker::give(std::unique_ptr<Invocation> invocation) {
  const bool first = in_flight_.empty();
  send(*invocation);
  in_flight_.push_back(std::move(invocation));
  if (first) begin_front();
}

void Worker::begin_front() {
  Invocation& invocation = *in_flight_.front();
  invocation.started = std::chrono::steady_clock::now();
  arm_deadline(invocation.started + std::chrono::microseconds(invocation.version->timeout.us));
  log_start(invocation);
}

std::deque<std::unique_ptr<Invocation>> Worker::take_back() {
  std::deque<std::unique_ptr<Invocation>> taken;
  taken.swap(in_flight_);
  return taken;
}

void Worker::kill() {
  if (state_ == State::ending) return;
  state_ = State::ending;
  if (process_.pid > 0) ::kill(process_.pid, SIGKILL);
}

void Worker::retire() {
  if (state_ == State::ending) return;
  state_ = State::ending;
  close_channel();
  arm_deadline(services_.reactor.now() + kRetirementGrace);
}

// The timer is moved only when it must ring earlier; when it rings too early it is armed anew. Most deadlines never
// ring.
void Worker::arm_deadline(SteadyTime when) {
  deadline_ = when;
  if (when >= deadline_timer_at_) return;
  services_.reactor.cancel(deadline_timer_);
  deadline_timer_at_ = when;
  deadline_timer_ = services_.reactor.run_at(when, [this] { on_deadline(); });
}

void Worker::on_deadline() {
  deadline_timer_ = 0;
  deadline_timer_at_ = SteadyTime::max();
  if (deadline_ > std::chrono::steady_clock::now()) {
    if (deadline_ != SteadyTime::max()) arm_deadline(deadline_);
    return;
  }
  deadline_ = SteadyTime::max();
  on_timeout();
}

void Worker::on_timeout() {
  if (state_ == State::ending) {
    if (process_.pid > 0) ::kill(process_.pid, SIGKILL);
    return;
  }
  if (state_ == State::starting) {
    kill();
    write_log(fmt::format(
        "INIT_REPORT Init Duration: {:.2f} ms\tPhase: init\tStatus: timeout\n",
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - process_started_).count()));
    owner_.on_worker_failed(*this, {});
    return;
  }
  if (in_flight_.empty()) return;
  kill();
  const Invocation& invocation = *in_flight_.front();
  const std::string message = fmt::format("Task timed out after {:.2f} seconds", version_->timeout.as_seconds());
  write_log(fmt::format("{} {} {}\n\n", base::to_iso8601(services_.clock.now()), invocation.request_id, message));
  fail_front("Sandbox.Timedout", message);
}

void Worker::on_ready() {
  if (state_ != State::starting) return;
  state_ = State::ready;
  was_ready_ = true;
  deadline_ = SteadyTime::max();
  idle_since_ = std::chrono::steady_clock::now();
  init_duration_ = std::chrono::duration_cast<std::chrono::microseconds>(idle_since_ - process_started_);
  owner_.on_worker_ready(*this);
}

void Worker::on_init_failed(std::string error) {
  if (state_ != State::starting) return;
  state_ = State::ending;
  arm_deadline(services_.reactor.now() + kRetirementGrace);
  owner_.on_worker_failed(*this, std::move(error));
}

void Worker::on_answer(Answer answer) {
  if (in_flight_.empty() || state_ != State::ready) return;
  finish_front(std::move(answer));
}

void Worker::finish_front(Answer answer) {
  // What the process wrote past its channel may still lie in the pipe.
  if (!output_paused_) read_output();
  std::unique_ptr<Invocation> invocation = std::move(in_flight_.front());
  in_flight_.pop_front();
  idle_since_ = std::chrono::steady_clock::now();
  log_end(*invocation, {});
  if (in_flight_.empty()) {
    deadline_ = SteadyTime::max();
  } else if (state_ == State::ready) {
    begin_front();
  }
  owner_.on_worker_answered(*this, std::move(invocation), std::move(answer));
}

void Worker::fail_front(std::string type, std::string message) {
  Invocation& front = *in_flight_.front();
  Answer answer{.is_error = true, .payload = sandbox_error(front.request_id, type, message)};
  std::unique_ptr<Invocation> invocation = std::move(in_flight_.front());
  in_flight_.pop_front();
  log_end(*invocation, type == "Sandbox.Timedout" ? "timeout" : "error");
  owner_.on_worker_answered(*this, std::move(invocation), std::move(answer));
}

void Worker::on_channel_lost() {
  if (state_ == State::ending) return;
  // As a rule the process is gone or going; its end tells why. One that closed its channel and lives on is of no use.
  if (process_.pid <= 0 || lost_timer_ != 0) return;
  lost_timer_ = services_.reactor.run_at(services_.reactor.now() + kRetirementGrace, [this] {
    if (process_.pid > 0) ::kill(process_.pid, SIGKILL);
  });
}

void Worker::on_process_end() {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(process_.pidfd.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
    return;
  services_.reactor.unwatch(process_.pidfd.get(), *end_watcher_);
  if (!output_paused_) read_output();
  process_.pidfd.reset();
  process_.pid = 0;
  close_channel();
  const bool was_starting = state_ == State::starting;
  state_ = State::ending;
  const std::string end = describe_end();
  if (!in_flight_.empty()) {
    write_log(fmt::format("RequestId: {} Error: {}\nRuntime.ExitError\n", in_flight_.front()->request_id, end));
    fail_front("Runtime.ExitError", end);
  } else if (was_starting) {
    write_log(fmt::format("Error: {}\nRuntime.ExitError\n", end));
    owner_.on_worker_failed(*this, end);
  }
  owner_.on_worker_ended(*this);
}

// As AWS words it: "Runtime exited with error: exit status 1", "…: signal: killed".
std::string Worker::describe_end() {
  std::string report = process_.report_so_far;
  char buffer[1024];
  for (ssize_t count = 0; (count = ::read(process_.report.get(), buffer, sizeof buffer)) > 0;)
    report.append(buffer, static_cast<std::size_t>(count));
  if (const std::size_t at = report.find("failed "); at != std::string::npos) {
    return "Runtime could not be started: " + report.substr(at + 7, report.find('\n', at) - at - 7);
  }
  const std::size_t at = report.rfind("status ");
  // Killed from outside, process 1 has no time to report.
  const int status =
      at == std::string::npos ? SIGKILL : static_cast<int>(read_number_after(report.substr(at), "status "));
  return killed_for_memory_ ? "Runtime exited with error: signal: killed" : describe_exit(status);
}

void Worker::read_output() {
  char buffer[kOutputBytesPerRound];
  const ssize_t count = ::read(process_.output.get(), buffer, sizeof buffer);
  if (count > 0) {
    on_output({buffer, static_cast<std::size_t>(count)});
    if (static_cast<std::size_t>(count) == sizeof buffer && output_timer_ == 0) {
      // A full pipe holds the process up, not us.
      output_paused_ = true;
      services_.reactor.change(process_.output.get(), 0, *output_watcher_);
      output_timer_ = services_.reactor.run_at(services_.reactor.now() + kOutputPause, [this] {
        output_timer_ = 0;
        output_paused_ = false;
        if (process_.output) services_.reactor.change(process_.output.get(), EPOLLIN, *output_watcher_);
      });
    }
    return;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (output_watcher_ && process_.output) {
    services_.reactor.unwatch(process_.output.get(), *output_watcher_);
    process_.output.reset();
  }
}

// Bytes become lines, and a line a log event.
void Worker::on_output(std::string_view bytes) {
  constexpr std::size_t kLineBytesMax = 256 * 1024;
  partial_line_.append(bytes);
  std::size_t from = 0;
  for (std::size_t newline = partial_line_.find('\n'); newline != std::string::npos;
       newline = partial_line_.find('\n', from)) {
    on_log(std::string_view(partial_line_).substr(from, newline + 1 - from));
    from = newline + 1;
  }
  partial_line_.erase(0, from);
  if (partial_line_.size() > kLineBytesMax) {
    on_log(partial_line_);
    partial_line_.clear();
  }
}

void Worker::on_log(std::string_view text) {
  if (in_flight_.empty()) return write_log(text);
  Invocation& invocation = *in_flight_.front();
  invocation.logged_bytes += text.size();
  if (invocation.logged_bytes > services_.log_bytes_per_invocation_max) {
    if (invocation.log_cut) return;
    invocation.log_cut = true;
    return write_log("[WARN] The rest of this invocation's output is dropped: it printed too much.\n");
  }
  write_log(text);
}

void Worker::write_log(std::string_view text) {
  Invocation* const invocation = in_flight_.empty() ? nullptr : in_flight_.front().get();
  if (invocation != nullptr && invocation->wants_log_tail) {
    invocation->log_tail.append(text);
    if (invocation->log_tail.size() > 2 * kLogTailBytes)
      invocation->log_tail.erase(0, invocation->log_tail.size() - kLogTailBytes);
  }
  services_.logs.append(
      {.region = version_->region,
       .group = version_->log_group,
       .stream = log_stream_,
       .request_id = invocation == nullptr ? std::string_view() : std::string_view(invocation->request_id),
       .time = services_.clock.now(),
       .text = text});
}

void Worker::log_start(const Invocation& invocation) {
  if (version_->json_logs) {
    write_log(fmt::format(R"({{"time":"{}","type":"platform.start","record":{{"requestId":"{}","version":"{}"}}}})"
                          "\n",
                          base::to_iso8601(services_.clock.now()), invocation.request_id, version_->version));
    return;
  }
  write_log(fmt::format("START RequestId: {} Version: {}\n", invocation.request_id, version_->version));
}

void Worker::log_end(const Invocation& invocation, std::string_view status) {
  const auto elapsed = std::chrono::steady_clock::now() - invocation.started;
  sample_memory();
  const double duration = std::chrono::duration<double, std::milli>(elapsed).count();
  const double init = init_duration_ ? static_cast<double>(init_duration_->count()) / 1e3 : 0;
  const auto billed = static_cast<std::int64_t>(std::ceil(duration + init));
  const std::uint64_t peak_mb = (peak_memory_kb_ + 1023) / 1024;
  std::string text;
  if (version_->json_logs) {
    text = fmt::format(
        R"({{"time":"{}","type":"platform.report","record":{{"requestId":"{}","metrics":{{"durationMs":{:.3f},"billedDurationMs":{},"memorySizeMB":{},"maxMemoryUsedMB":{}}},"status":"{}"}}}})"
        "\n",
        base::to_iso8601(services_.clock.now()), invocation.request_id, duration, billed, version_->memory_mb, peak_mb,
        status.empty() ? "success" : status);
  } else {
    text = fmt::format(
        "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} "
        "MB\t",
        invocation.request_id, duration, billed, version_->memory_mb, peak_mb);
    if (init_duration_) text += fmt::format("Init Duration: {:.2f} ms\t", init);
    if (!status.empty()) text += fmt::format("Status: {}", status);
    text += "\n";
  }
  init_duration_.reset();
  const auto log = [&](std::string_view line) {
    services_.logs.append({.region = version_->region,
                           .group = version_->log_group,
                           .stream = log_stream_,
                           .request_id = invocation.request_id,
                           .time = services_.clock.now(),
                           .text = line});
  };
  const std::string end =
      version_->json_logs ? std::string() : fmt::format("END RequestId: {}\n", invocation.request_id);
  if (!end.empty()) log(end);
  log(text);
  if (invocation.wants_log_tail) {
    std::string& tail = const_cast<Invocation&>(invocation).log_tail;
    tail.append(end).append(text);
    if (tail.size() > kLogTailBytes) tail.erase(0, tail.size() - kLogTailBytes);
  }
}

void Worker::sample_memory() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (process_.pid <= 0 || now - memory_checked_ < kMemorySampleInterval) return;
  memory_checked_ = now;
  if (program_ == 0) {
    // Without namespaces too, process 1 of the sandbox has one child of its own: the program.
    const std::string pid = std::to_string(process_.pid);
    program_ = static_cast<pid_t>(read_number_after(read_file("/proc/" + pid + "/task/" + pid + "/children"), ""));
    if (program_ == 0) return;
  }
  peak_memory_kb_ = std::max(peak_memory_kb_,
                             read_number_after(read_file("/proc/" + std::to_string(program_) + "/status"), "VmHWM:"));
}

void Worker::check_memory() {
  if (state_ == State::ending || process_.pid <= 0) return;
  memory_checked_ = {};
  sample_memory();
  if (program_ == 0) return;
  const std::uint64_t resident_kb =
      read_number_after(read_file("/proc/" + std::to_string(program_) + "/status"), "VmRSS:");
  if (resident_kb <= std::uint64_t{version_->memory_mb} * 1'024) return;
  killed_for_memory_ = true;
  ::kill(process_.pid, SIGKILL);
}

}  // namespace escapement::functions
