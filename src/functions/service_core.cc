#include "functions/service_core.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/codec.h"
#include "functions/framed_worker.h"
#include "functions/function_reference.h"
#include "functions/runtime_api_worker.h"
#include "functions/runtimes.h"

namespace escapement::functions {
namespace {

constexpr std::size_t kResolvedMax = 100'000;
constexpr std::uint32_t kSlotsMax = 4'096;

std::uint32_t processes_for_machine() {
  const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  const std::uint64_t megabytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) >> 20;
  // A Node process holds some 50 MB; half of the machine is left to the rest.
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(megabytes / 2 / 64, 16, 2'048));
}

base::Error throttled(const char* reason) {
  base::Error error = base::make_error(base::ErrorCode::limit_exceeded, "TooManyRequestsException", "Rate Exceeded.");
  error.members.emplace_back("Reason", reason);
  return error;
}

std::uint64_t seed() {
  std::uint64_t value = 0;
  base::secure_random({reinterpret_cast<unsigned char*>(&value), sizeof value});
  return value;
}

}  // namespace

ServiceCore::ServiceCore(Parts parts)
    : parts_(parts),
      processes_max_(std::min(parts.options.processes_max != 0 ? parts.options.processes_max : processes_for_machine(),
                              kSlotsMax)),
      cores_(std::max(2u, std::thread::hardware_concurrency())),
      random_(seed()) {}

ServiceCore::~ServiceCore() = default;

base::Result<const ServiceCore::Resolved*> ServiceCore::resolve(const InvokeRequest& request) {
  std::string key;
  key.reserve(request.region.size() + request.function.size() + request.qualifier.size() + 2);
  key.append(request.region).append("\n").append(request.function).append("\n").append(request.qualifier);
  if (const auto found = resolved_.find(key); found != resolved_.end()) return &found->second;
  ESC_TRY(FunctionReference reference, parse_function_reference(request.function));
  if (reference.region.empty()) reference.region = request.region;
  if (reference.account.empty()) reference.account = request.account.empty() ? parts_.options.account : request.account;
  if (!request.qualifier.empty()) reference.qualifier = request.qualifier;
  ESC_TRY(Target target,
          find_target(parts_.catalog.view(), reference.region, reference.account, reference.name, reference.qualifier));
  FunctionState& function = function_state(reference.region, reference.name);
  if (resolved_.size() > kResolvedMax) resolved_.clear();
  return &resolved_.insert_or_assign(std::move(key), Resolved{std::move(target), &function}).first->second;
}

FunctionState& ServiceCore::function_state(const std::string& region, const std::string& name) {
  auto& slot = functions_[{region, name}];
  if (!slot) {
    slot = std::make_unique<FunctionState>();
    slot->region = region;
    slot->name = name;
    slot->limits = find_limits(parts_.catalog.view(), region, name);
  }
  return *slot;
}

std::shared_ptr<const FunctionVersion> ServiceCore::choose_version(const Target& target) {
  if (target.additional.empty()) return target.version;
  double dice = random_.uniform();
  for (const auto& [weight, version] : target.additional) {
    if (dice < weight) return version;
    dice -= weight;
  }
  return target.version;
}

Pool& ServiceCore::pool_for(FunctionState& function, const std::shared_ptr<const FunctionVersion>& version) {
  for (const auto& pool : function.pools) {
    if (!pool->retired() && (pool->version() == version || *pool->version() == *version)) return *pool;
  }
  PoolSettings settings{.idle_time_max = std::chrono::microseconds(parts_.options.idle_time_max.us),
                        .init_time_max = std::chrono::microseconds(parts_.options.init_time_max.us),
                        .starting_max = cores_,
                        .fast_processes_max = 2 * cores_};
  function.pools.push_back(std::make_unique<Pool>(parts_.reactor, *this, version, settings));
  return *function.pools.back();
}

void ServiceCore::invoke(InvokeRequest request, InvokeDone done) {
  if (stopping_)
    return done(base::make_error(base::ErrorCode::unavailable, "ServiceException", "The function service is stopping"));
  auto resolved = resolve(request);
  if (!resolved) return done(std::move(resolved).error());
  const Resolved& found = **resolved;
  auto invocation = std::make_unique<Invocation>();
  invocation->version = choose_version(found.target);
  if (request.kind == InvocationKind::dry_run)
    return done(InvokeResult{.payload = {}, .function_error = {}, .executed_version = {}, .log_tail = {}});
  invocation->request_id = request.request_id.empty() ? base::random_uuid() : std::move(request.request_id);
  invocation->payload = std::move(request.payload);
  invocation->client_context = std::move(request.client_context);
  invocation->invoked_arn = found.target.invoked_arn;
  invocation->done = std::move(done);
  invocation->deadline = request.deadline;
  invocation->wants_log_tail = request.wants_log_tail;
  invocation->queue_when_busy = request.queue_when_busy;
  invocation->function = found.function;
  counters_.invocations.fetch_add(1, std::memory_order_relaxed);
  FunctionState& function = *found.function;
  // An id that comes again is the newer invocation's. Its key too: the older one's text goes with it.
  by_request_id_.erase(invocation->request_id);
  by_request_id_.emplace(invocation->request_id, invocation.get());
  if (function.waiting.empty() && admit(function, invocation)) return;

  bool ignored = false;
  bool by_account = false;
  may_run(function, pool_for(function, invocation->version), ignored, by_account);
  const bool full = queued_ >= parts_.options.queued_invocations_max ||
                    queued_bytes_ + invocation->bytes() > parts_.options.queued_bytes_max;
  if (!invocation->queue_when_busy || full) {
    counters_.throttled.fetch_add(1, std::memory_order_relaxed);
    forget(*invocation);
    return invocation->done(throttled(by_account ? "ConcurrentInvocationLimitExceeded"
                                                 : "ReservedFunctionConcurrentInvocationLimitExceeded"));
  }
  ++queued_;
  queued_bytes_ += invocation->bytes();
  counters_.queued.store(queued_, std::memory_order_relaxed);
  function.waiting.push_back(std::move(invocation));
  if (by_account && !function.blocked) {
    function.blocked = true;
    blocked_.push_back(&function);
  }
}

bool ServiceCore::may_run(FunctionState& function, Pool& pool, bool& provisioned, bool& by_account) const {
  std::uint32_t provisioned_total = 0;
  std::uint32_t provisioned_here = 0;
  for (const auto& [version, count] : function.limits.provisioned) {
    provisioned_total += count;
    if (version == pool.version()->version) provisioned_here += count;
  }
  provisioned = pool.active_provisioned < provisioned_here;
  if (provisioned) return true;
  if (function.limits.reserved) {
    const std::uint32_t reserved = *function.limits.reserved;
    return function.active < (reserved > provisioned_total ? reserved - provisioned_total : 0);
  }
  by_account = active_ >= parts_.options.concurrency_max;
  return !by_account;
}

// Moves the invocation to its pool if concurrency allows; leaves it where it is if not.
bool ServiceCore::admit(FunctionState& function, std::unique_ptr<Invocation>& invocation) {
  Pool& pool = pool_for(function, invocation->version);
  bool provisioned = false;
  bool by_account = false;
  if (!may_run(function, pool, provisioned, by_account)) return false;
  invocation->provisioned = provisioned;
  invocation->pool = &pool;
  ++(provisioned ? pool.active_provisioned : function.active);
  ++active_;
  counters_.running.store(active_, std::memory_order_relaxed);
  pool.enqueue(std::move(invocation));
  return true;
}

void ServiceCore::release(const Invocation& invocation) {
  if (invocation.pool == nullptr) return;
  --(invocation.provisioned ? invocation.pool->active_provisioned : invocation.function->active);
  --active_;
  counters_.running.store(active_, std::memory_order_relaxed);
}

void ServiceCore::admit_waiting(FunctionState& function) {
  while (!function.waiting.empty()) {
    std::unique_ptr<Invocation>& front = function.waiting.front();
    const std::uint64_t bytes = front->bytes();
    if (front->deadline && *front->deadline < parts_.clock.now()) {
      answer(*front, base::make_error(base::ErrorCode::conflict,
                                      "The caller's deadline passed before the function could begin"));
    } else if (!admit(function, front)) {
      return;
    }
    function.waiting.pop_front();
    --queued_;
    queued_bytes_ -= bytes;
    counters_.queued.store(queued_, std::memory_order_relaxed);
  }
}

void ServiceCore::admit_blocked() {
  for (std::size_t tries = blocked_.size(); tries > 0 && active_ < parts_.options.concurrency_max; --tries) {
    FunctionState& function = *blocked_.front();
    blocked_.pop_front();
    admit_waiting(function);
    function.blocked = !function.waiting.empty();
    if (function.blocked) blocked_.push_back(&function);
  }
}

void ServiceCore::forget(const Invocation& invocation) {
  const auto found = by_request_id_.find(invocation.request_id);
  if (found != by_request_id_.end() && found->second == &invocation) by_request_id_.erase(found);
}

void ServiceCore::answer(Invocation& invocation, base::Result<Answer> answer) {
  forget(invocation);
  if (!invocation.done) return;
  InvokeDone done = std::move(invocation.done);
  invocation.done = nullptr;
  if (!answer) return done(std::move(answer).error());
  if (answer->is_error) counters_.function_errors.fetch_add(1, std::memory_order_relaxed);
  done(InvokeResult{.payload = std::move(answer->payload),
                    .function_error = answer->is_error ? "Unhandled" : "",
                    .executed_version = invocation.version->version,
                    .log_tail = std::move(invocation.log_tail)});
}

void ServiceCore::on_invocation_over(Pool&, std::unique_ptr<Invocation> invocation, base::Result<Answer> result) {
  FunctionState& function = *invocation->function;
  release(*invocation);
  answer(*invocation, std::move(result));
  if (!function.waiting.empty()) admit_waiting(function);
  if (!blocked_.empty()) admit_blocked();
}

void ServiceCore::cancel(const std::string& request_id) {
  const auto found = by_request_id_.find(request_id);
  if (found == by_request_id_.end()) return;
  Invocation& invocation = *found->second;
  FunctionState& function = *invocation.function;
  std::unique_ptr<Invocation> removed;
  if (invocation.pool != nullptr) {
    removed = invocation.pool->remove(&invocation);
    if (removed) release(*removed);
  } else if (const auto waiting =
                 std::ranges::find(function.waiting, &invocation, [](const auto& entry) { return entry.get(); });
             waiting != function.waiting.end()) {
    removed = std::move(*waiting);
    function.waiting.erase(waiting);
    --queued_;
    queued_bytes_ -= removed->bytes();
  }
  answer(invocation, base::make_error(base::ErrorCode::conflict, "The invocation was cancelled"));
}

void ServiceCore::function_changed(const std::string& region, const std::string& name) {
  const auto entry = functions_.find({region, name});
  std::erase_if(resolved_, [&](const auto& cached) {
    const FunctionVersion& version = *cached.second.target.version;
    return version.name == name && version.region == region;
  });
  const store::Catalog::View view = parts_.catalog.view();
  if (entry == functions_.end() && find_limits(view, region, name).provisioned.empty()) return;
  FunctionState& function = function_state(region, name);
  function.limits = find_limits(view, region, name);
  function.deleted = !view.get(version_key(region, name, "$LATEST"));
  for (const auto& pool : function.pools) {
    const FunctionVersion& old = *pool->version();
    const auto record = view.get(version_key(region, name, old.version));
    const auto now =
        record ? parse_version(region, old.account, name, *record) : base::Result<FunctionVersion>(base::Error{});
    if (!now || *now != old) pool->retire();
  }
  apply_limits(function);
  admit_waiting(function);
}

void ServiceCore::apply_limits(FunctionState& function) {
  for (const auto& pool : function.pools) {
    if (!pool->retired()) pool->set_provisioned(0);
  }
  for (const auto& [version, count] : function.limits.provisioned) {
    const auto target =
        find_target(parts_.catalog.view(), function.region, parts_.options.account, function.name, version);
    if (target) pool_for(function, target->version).set_provisioned(count);
  }
}

void ServiceCore::load_provisioned() {
  constexpr std::string_view kFolder = "lambda/provisioned/";
  parts_.catalog.view().scan(kFolder, [&](std::string_view key, std::string_view) {
    key.remove_prefix(kFolder.size());
    const std::size_t first = key.find('/');
    const std::size_t second = key.find('/', first + 1);
    if (second != std::string_view::npos)
      function_changed(std::string(key.substr(0, first)), std::string(key.substr(first + 1, second - first - 1)));
    return true;
  });
}

bool ServiceCore::take_place(Pool&) {
  if (stopping_) return false;
  if (processes_ >= processes_max_) {
    // Another function's idle process makes room; its end calls on_place_free().
    Pool* oldest = nullptr;
    for (const auto& [key, function] : functions_) {
      for (const auto& pool : function->pools) {
        if (pool->oldest_idle() != SteadyTime::max() &&
            (oldest == nullptr || pool->oldest_idle() < oldest->oldest_idle()))
          oldest = pool.get();
      }
    }
    if (oldest != nullptr) oldest->evict_idle();
    return false;
  }
  ++processes_;
  counters_.processes.store(processes_, std::memory_order_relaxed);
  return true;
}

void ServiceCore::on_place_free() {
  --processes_;
  counters_.processes.store(processes_, std::memory_order_relaxed);
}

std::string ServiceCore::make_log_stream(const FunctionVersion& version) const {
  const std::string time = base::to_iso8601(parts_.clock.now());
  unsigned char id[16];
  base::secure_random(id);
  return time.substr(0, 4) + "/" + time.substr(5, 2) + "/" + time.substr(8, 2) + "/[" + version.version + "]" +
         base::to_hex({reinterpret_cast<const char*>(id), sizeof id});
}

std::unique_ptr<Worker> ServiceCore::make_worker(Pool& pool) {
  const WorkerServices services{.reactor = parts_.reactor,
                                .clock = parts_.clock,
                                .logs = parts_.logs,
                                .log_bytes_per_invocation_max = parts_.options.log_bytes_per_invocation_max};
  std::string stream = make_log_stream(*pool.version());
  std::unique_ptr<Worker> worker;
  if (runtime_family(pool.version()->runtime) == RuntimeFamily::custom) {
    worker = std::make_unique<RuntimeApiWorker>(services, pool, pool.version(), std::move(stream));
  } else {
    worker = std::make_unique<FramedWorker>(services, pool, pool.version(), std::move(stream));
  }
  while (slots_.contains(next_slot_)) next_slot_ = (next_slot_ + 1) % kSlotsMax;
  worker->slot = next_slot_;
  slots_.insert(next_slot_);
  next_slot_ = (next_slot_ + 1) % kSlotsMax;
  return worker;
}

void ServiceCore::on_worker_gone(std::uint32_t slot) {
  parts_.starter.clean_up(slot, [this, slot] { slots_.erase(slot); });
}

void ServiceCore::start_process(Pool& pool, std::unique_ptr<Worker> worker) {
  StartRequest request{.version = pool.version(),
                       .log_stream = worker->log_stream(),
                       .runtime_api = {},
                       .slot = worker->slot,
                       .provisioned = worker->provisioned};
  if (auto* const custom = dynamic_cast<RuntimeApiWorker*>(worker.get())) {
    auto address = custom->listen();
    if (!address) {
      parts_.reactor.post([&pool, worker = std::move(worker), error = address.error()]() mutable {
        pool.on_started(std::move(worker), error, {});
      });
      return;
    }
    request.runtime_api = std::move(*address);
    custom->uid = parts_.sandbox.uid_outside(worker->slot);
  }
  counters_.processes_started.fetch_add(1, std::memory_order_relaxed);
  // A pool with a start under way is not empty, so it is still there then.
  parts_.starter.request(std::move(request),
                         [&pool, worker = std::move(worker)](base::Result<StartOutcome> outcome) mutable {
                           if (!outcome) return pool.on_started(std::move(worker), std::move(outcome).error(), {});
                           worker->use_until = outcome->use_until;
                           pool.on_started(std::move(worker), std::move(outcome->process), outcome->started);
                         });
}

// What a pool planned for the end of this round may still speak of it, so it goes after that.
void ServiceCore::drop_finished_pools(FunctionState& function) {
  const auto finished = std::ranges::stable_partition(function.pools, [](const auto& pool) {
    return !(pool->retired() && pool->is_empty() && pool->active_provisioned == 0);
  });
  for (auto& pool : finished) parts_.reactor.at_round_end([dying = std::move(pool)] {});
  function.pools.erase(finished.begin(), finished.end());
}

void ServiceCore::tick() {
  const SteadyTime now = parts_.reactor.now();
  const base::Timestamp wall_now = parts_.clock.now();
  for (const auto& [key, function] : functions_) {
    for (const auto& pool : function->pools) {
      if (function->deleted && function->waiting.empty()) pool->retire();
      pool->tick(now, wall_now);
    }
    drop_finished_pools(*function);
    if (!function->waiting.empty()) admit_waiting(*function);
  }
  std::erase_if(functions_, [&](const auto& entry) {
    FunctionState* const function = entry.second.get();
    if (!function->deleted || !function->is_unused()) return false;
    std::erase_if(resolved_, [&](const auto& cached) { return cached.second.function == function; });
    return true;
  });
}

void ServiceCore::kill_all() {
  for (const auto& [key, function] : functions_) {
    while (!function->waiting.empty()) {
      std::unique_ptr<Invocation> invocation = std::move(function->waiting.front());
      function->waiting.pop_front();
      --queued_;
      answer(*invocation,
             base::make_error(base::ErrorCode::unavailable, "ServiceException", "The function service is stopping"));
    }
    for (const auto& pool : function->pools) pool->kill_all();
  }
}

}  // namespace escapement::functions
