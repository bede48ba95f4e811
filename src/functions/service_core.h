// The function service's state on the loop's thread: functions, their pools, concurrency, queues.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "functions/function_record.h"
#include "functions/function_service.h"
#include "functions/pool.h"
#include "functions/process_starter.h"
#include "functions/reactor.h"

namespace escapement::functions {

// One function of one region: its limits, its pools, and what waits for its concurrency.
struct FunctionState {
  std::string region;
  std::string name;
  FunctionLimits limits;
  std::uint32_t active = 0;  // admitted beyond provisioned concurrency
  std::deque<std::unique_ptr<Invocation>> waiting;
  std::vector<std::unique_ptr<Pool>> pools;
  bool blocked = false;  // waits for the account's concurrency; in ServiceCore::blocked_
  bool deleted = false;  // forgotten once nothing of it is left

  bool is_unused() const { return pools.empty() && waiting.empty() && active == 0 && !blocked; }
};

// Figures that other threads read.
struct Counters {
  std::atomic<std::uint64_t> invocations = 0;
  std::atomic<std::uint64_t> function_errors = 0;
  std::atomic<std::uint64_t> throttled = 0;
  std::atomic<std::uint64_t> timed_out = 0;
  std::atomic<std::uint64_t> processes_started = 0;
  std::atomic<std::uint64_t> processes = 0;
  std::atomic<std::uint64_t> running = 0;
  std::atomic<std::uint64_t> queued = 0;
};

class ServiceCore final : public PoolOwner {
 public:
  struct Parts {
    Reactor& reactor;
    store::Catalog& catalog;
    const base::Clock& clock;
    LogSink& logs;
    const Sandbox& sandbox;
    ProcessStarter& starter;
    const Options& options;
  };

  explicit ServiceCore(Parts parts);
  ~ServiceCore() override;

  void invoke(InvokeRequest request, InvokeDone done);
  void cancel(const std::string& request_id);
  void function_changed(const std::string& region, const std::string& name);
  // Reads provisioned concurrency of all functions, so that it is there before the first call.
  void load_provisioned();
  void begin_stop() { stopping_ = true; }
  bool is_quiet() const { return active_ == 0 && queued_ == 0; }
  void kill_all();
  std::uint32_t processes() const { return processes_; }
  void tick();

  const Counters& counters() const { return counters_; }

 private:
  struct Resolved {
    Target target;
    FunctionState* function;
  };

  void on_invocation_over(Pool& pool, std::unique_ptr<Invocation> invocation, base::Result<Answer> answer) override;
  bool take_place(Pool& pool) override;
  void on_place_free() override;
  void start_process(Pool& pool, std::unique_ptr<Worker> worker) override;
  std::unique_ptr<Worker> make_worker(Pool& pool) override;
  void on_worker_gone(std::uint32_t slot) override;

  base::Result<const Resolved*> resolve(const InvokeRequest& request);
  std::shared_ptr<const FunctionVersion> choose_version(const Target& target);
  FunctionState& function_state(const std::string& region, const std::string& name);
  Pool& pool_for(FunctionState& function, const std::shared_ptr<const FunctionVersion>& version);
  bool may_run(FunctionState& function, Pool& pool, bool& provisioned, bool& by_account) const;
  bool admit(FunctionState& function, std::unique_ptr<Invocation>& invocation);
  void release(const Invocation& invocation);
  void drop_finished_pools(FunctionState& function);
  void admit_waiting(FunctionState& function);
  void admit_blocked();
  void apply_limits(FunctionState& function);
  void answer(Invocation& invocation, base::Result<Answer> answer);
  void forget(const Invocation& invocation);
  std::string make_log_stream(const FunctionVersion& version) const;

  Parts parts_;
  std::unordered_map<std::string, Resolved> resolved_;  // by region, function text and qualifier
  std::map<std::pair<std::string, std::string>, std::unique_ptr<FunctionState>> functions_;
  std::unordered_map<std::string_view, Invocation*> by_request_id_;  // keys live in the invocations
  std::deque<FunctionState*> blocked_;
  std::set<std::uint32_t> slots_;
  std::uint32_t next_slot_ = 0;
  std::uint32_t active_ = 0;  // admitted
  std::uint32_t queued_ = 0;  // waiting for concurrency
  std::uint64_t queued_bytes_ = 0;
  std::uint32_t processes_ = 0;
  std::uint32_t processes_max_;
  std::uint32_t cores_;
  bool stopping_ = false;
  base::SplitMix random_;
  Counters counters_;
};

}  // namespace escapement::functions
