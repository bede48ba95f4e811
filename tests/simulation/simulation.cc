#include "simulation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "checker.h"
#include "json/print.h"
#include "machines.h"
#include "outside.h"
#include "server.h"

namespace escapement::simulation {
namespace {

using base::Duration;
using json::Value;
using store::CommitFate;

// What remains then is the removal of closed executions, months ahead.
constexpr Duration kQuietFor = Duration::seconds(86'400);
constexpr int kRoundsMax = 100'000;
constexpr std::uint64_t kPageMax = 1'000;  // items
constexpr int kPagesMax = 10'000;
constexpr int kReadMax = 20;  // histories
// An engine that met a full disk fires nothing for a second. A step is half as long again, on average.
constexpr int kStepsOfAPause = 8;

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        random_(options.seed),
        clock_(base::Timestamp::from_seconds(1'790'000'000)),
        faults_(Faults::draw(random_)),
        outside_(random_, clock_, faults_, checker_) {
    engine_options_.partitions = static_cast<std::uint16_t>(1 + random_.next() % 8);
    engine_options_.shards = static_cast<std::uint32_t>(1 + random_.next() % 2);
    engine_options_.resident_timers_max = static_cast<std::uint32_t>(16 + random_.next() % 64);
    engine_options_.cached_executions_max = static_cast<std::uint32_t>(1 + random_.next() % 16);
    const std::uint64_t batch_max = chance(0.5) ? 32 : 256;
    const std::uint64_t dispatched_max = chance(0.2) ? 4 : 64;
    engine_options_.batch_commands_max = static_cast<std::uint32_t>(1 + random_.next() % batch_max);
    if (chance(0.5)) engine_options_.limits.transitions_per_step_max = 1 + random_.next() % 4;
    engine_options_.dispatched_tasks_max = static_cast<std::uint32_t>(2 + random_.next() % dispatched_max);
  }

  Outcome go() {
    open();
    set_up();
    faulty_ = true;
    for (int step = 0; step < options_.steps && server_ && checker_.findings().empty(); ++step) {
      act();
      settle();
      if (!server_ || !server_->engine().accepting()) continue;
      if (steps_since_full_++ >= kStepsOfAPause) checker_.check_none_overdue(server_->store(), clock_.now());
      if (step % 16 != 0) continue;
      checker_.check_memory(server_->engine(), engine_options_);
      checker_.check_timers_wanted(server_->engine().reader(), server_->store());
    }
    finish();
    outcome_.findings = checker_.findings();
    outcome_.executions = checker_.acknowledged().size();
    outcome_.trace_hash = checker_.digest();
    return outcome_;
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }

  void open() {
    for (int attempt = 0; !server_; ++attempt) {
      sync_failed_ = false;
      auto opened = Server::open(disk_, [this] { return fate(); }, clock_, loop_, outside_, engine_options_);
      if (opened) {
        server_ = std::move(*opened);
      } else if (!faulty_ || attempt > 50) {
        return checker_.find("the server does not start: " + opened.error().message);
      }
    }
    outside_.set_server(server_.get());
  }

  void set_up() {
    if (!server_) return;
    const auto must = [&](std::string_view operation, Value input) {
      server_->request(operation, std::move(input), [&](const base::Result<Value>& answer) {
        if (!answer) checker_.find(fmt::format("{}: {}", operation, answer.error().to_string()));
      });
      settle();
    };
    must("CreateActivity", Value::object({{"name", "work"}}));
    for (const Machine& machine : machines()) {
      must("CreateStateMachine",
           Value::object({{"name", machine.name},
                          {"definition", machine.definition},
                          {"roleArn", kRoleArn},
                          {"type", std::string_view(machine.name) == "express" ? "EXPRESS" : "STANDARD"}}));
    }
  }

  CommitFate fate() {
    if (!faulty_) return CommitFate::normal;
    if (chance(faults_.commit_stalls))
      clock_.advance(Duration::milliseconds(static_cast<std::int64_t>(random_.next() % 2'000)));
    if (chance(faults_.commit_lost)) return fail_sync(CommitFate::lost);
    if (chance(faults_.commit_unknown)) return fail_sync(CommitFate::unknown);
    if (chance(faults_.disk_full)) {
      steps_since_full_ = 0;
      return CommitFate::disk_full;
    }
    return CommitFate::normal;
  }

  CommitFate fail_sync(CommitFate fate) {
    sync_failed_ = true;
    return fate;
  }

  void crash() {
    do {
      ++outcome_.crashes;
      outside_.set_server(nullptr);
      server_.reset();
      open();
      if (!server_) return;
      // Some die again in the middle of their recovery.
      for (std::uint64_t i = random_.next() % 4; faulty_ && i > 0; --i) (void)server_->run_once();
    } while (faulty_ && chance(faults_.crash_in_recovery));
    checker_.check_histories(server_->engine().reader());
  }

  void act() {
    const bool restarts = !server_->engine().accepting() || chance(faults_.crash);
    if (restarts) crash();
    if (!server_) return;
    // The more while the engine pauses, which must end all the same.
    if (chance(faults_.clock_jump * (steps_since_full_ <= 1 ? 10 : 1)))
      clock_.advance(Duration::seconds(static_cast<std::int64_t>(random_.next() % 7'200) - 3'600));
    outside_.act();
    // The clock of a new life may stand where that of the last one stood.
    if (restarts && chance(0.5)) return;
    clock_.advance(Duration::milliseconds(static_cast<std::int64_t>(random_.next() % 3'000)));
  }

  // Runs until nothing more happens at this instant.
  void settle() {
    for (int round = 0; server_ && server_->engine().accepting(); ++round) {
      // Between two batches, when answers and effects are on their way.
      if (faulty_ && chance(faults_.crash / 8)) crash();
      if (!server_) return;
      const bool delivered = outside_.deliver();
      if (!server_->run_once() && !delivered) return;
      if (round > kRoundsMax) return checker_.find("the server does not come to rest");
    }
  }

  // Without faults everything must end.
  void finish() {
    faulty_ = false;
    outside_.calm_down();
    if (!checker_.findings().empty() || !server_) return;
    // Some must end well without a restart to help them.
    if (sync_failed_ || chance(0.5)) crash();
    for (int round = 0; round < kRoundsMax && server_; ++round) {
      for (int i = 0; i < 3; ++i) outside_.poll();
      settle();
      auto next = server_->next_deadline();
      const auto planned = outside_.next();
      if (planned && (!next || *planned < *next)) next = planned;
      if (!next || *next - clock_.now() > kQuietFor) break;
      if (*next > clock_.now()) clock_.set(*next);
    }
    if (!server_) return;
    if (outside_.outstanding() != 0) checker_.find(fmt::format("{} requests have no answer", outside_.outstanding()));
    collect();
    read_some();
    const engine::ExecutionReader& reader = server_->engine().reader();
    checker_.check_histories(reader);
    checker_.check_all_ended(reader);
    checker_.check_outcomes(reader);
    checker_.check_memory(server_->engine(), engine_options_);
    checker_.check_nothing_owed(server_->store());
    clock_.advance(engine_options_.retention + kQuietFor);
    settle();
    checker_.check_all_removed(server_->store());
  }

  // What nobody was told of is there all the same: starts whose answer was lost, children.
  void collect() {
    for (const Machine& machine : machines()) {
      if (std::string_view(machine.name) == "express") continue;
      const std::string arn = std::string(kMachineArnPrefix) + machine.name;
      server_->request("ListExecutions",
                       Value::object({{"stateMachineArn", arn}, {"statusFilter", "RUNNING"}, {"maxResults", 1'000}}),
                       [&](const base::Result<Value>& page) { checker_.check_none_running(*page); });
      const std::vector<std::string> whole = list(arn, kPageMax);
      checker_.check_listing(machine.name, whole);
      checker_.check_pages(machine.name, whole, list(arn, 1 + random_.next() % 30));
      for (const std::string& execution : whole) checker_.add(execution);
    }
  }

  void read_some() {
    for (int i = 0; i < kReadMax && !checker_.acknowledged().empty(); ++i) {
      const std::string& arn = checker_.acknowledged()[random_.next() % checker_.acknowledged().size()];
      std::vector<std::string> whole = history(arn, false, kPageMax);
      checker_.check_pages(arn, whole, history(arn, false, 1 + random_.next() % 8));
      std::ranges::reverse(whole);
      checker_.check_pages(arn, whole, history(arn, true, 1 + random_.next() % 8));
    }
  }

  std::vector<std::string> list(const std::string& machine_arn, std::uint64_t page_max) {
    std::vector<std::string> arns;
    for (const Value& execution :
         read("ListExecutions", Value::object({{"stateMachineArn", machine_arn}}), "executions", page_max))
      arns.push_back(execution.find("executionArn")->as_string());
    return arns;
  }

  std::vector<std::string> history(const std::string& arn, bool reverse, std::uint64_t page_max) {
    std::vector<std::string> events;
    const Value input = Value::object({{"executionArn", arn}, {"reverseOrder", reverse}});
    for (const Value& event : read("GetExecutionHistory", input, "events", page_max))
      events.push_back(json::print(event));
    return events;
  }

  // What all pages of an answer hold under `member`.
  std::vector<Value> read(std::string_view operation, const Value& input, std::string_view member,
                          std::uint64_t page_max) {
    std::vector<Value> items;
    std::string token;
    int pages = 0;
    do {
      json::ObjectBuilder page_input(input);
      page_input.set("maxResults", static_cast<std::int64_t>(page_max));
      if (!token.empty()) page_input.set("nextToken", token);
      token.clear();
      server_->request(operation, std::move(page_input).build(), [&](const base::Result<Value>& page) {
        if (!page) return checker_.find(fmt::format("{}: {}", operation, page.error().to_string()));
        for (const Value& item : page->find(member)->items()) items.push_back(item);
        if (const Value* const next = page->find("nextToken")) token = next->as_string();
      });
    } while (!token.empty() && ++pages < kPagesMax);
    return items;
  }

  RunOptions options_;
  base::SplitMix random_;
  base::VirtualClock clock_;
  Faults faults_;
  Checker checker_;
  Outside outside_;
  engine::Options engine_options_;
  http::Loop loop_{"simulated"};  // only ever waits for long polls to time out, which no run lives to see
  std::shared_ptr<store::MemoryStore::Disk> disk_ = store::MemoryStore::new_disk();  // outlives each store opened on it
  std::unique_ptr<Server> server_;
  bool faulty_ = false;
  bool sync_failed_ = false;  // in this life, whoever wrote; the engine knows when it writes next
  int steps_since_full_ = 0;
  Outcome outcome_;
};

}  // namespace

Outcome run(const RunOptions& options) { return Run(options).go(); }

}  // namespace escapement::simulation
