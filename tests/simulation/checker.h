// What must hold whatever the faults were. Findings are sentences; none means that all is well.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "functions/function_service.h"
#include "history/event.h"
#include "json/value.h"
#include "store/store.h"

namespace escapement::simulation {

using Events = std::vector<history::Event>;

// ---- What one history must be (its times: timings.h). Each returns what is wrong, or an empty text.

std::string gap_in(const Events& events);
std::string second_end_in(const Events& events);
// One state, task or iteration that went on twice from the same place.
std::string doubled_transition_in(const Events& events);
// A task that was refused the execution which an earlier try of its own had started.
std::string refused_again_in(const Events& events);

class Checker {
 public:
  // ---- While it runs

  // An answer told the user's program that this execution started: it must be on disk by then.
  void acknowledge(const engine::ExecutionReader& reader, const std::string& arn);
  const std::vector<std::string>& acknowledged() const { return acknowledged_; }
  // It is there, whether or not its start was acknowledged; what holds of the others holds of it.
  void add(const std::string& arn) {
    if (known_.insert(arn).second) acknowledged_.push_back(arn);
  }
  void redriven(const std::string& arn) { redriven_.insert(arn); }
  // StopExecution was answered: the execution is closed on disk, unless it has been redriven.
  void check_stopped(const engine::ExecutionReader& reader, const std::string& arn);
  // A task that was let go is scheduled on disk, once for each request id, and in one life once; the same id brings the
  // same payload.
  void check_released(const engine::ExecutionReader& reader, const std::string& arn,
                      const functions::InvokeRequest& request);
  // From now on another process lives, which lets go again what the last one left.
  void begin_life() { released_now_.clear(); }
  // SendTaskSuccess with the output {"done":number} was accepted.
  void outcome_acknowledged(std::int64_t number) { outcomes_.insert(number); }
  // SendTaskHeartbeat was accepted that was sent at `sent`, for the activity that the execution waits for.
  void heartbeat_acknowledged(const engine::ExecutionReader& reader, const std::string& arn, base::Timestamp sent);
  // No answer tells of the server's own confusion.
  void check_answer(std::string_view operation, const base::Result<json::Value>& answer);

  // ---- Between steps

  // Histories are well formed and only grow at their end.
  void check_histories(const engine::ExecutionReader& reader);
  // What the engine has in memory is what the store has, and within its bounds.
  void check_memory(engine::Engine& engine, const engine::Options& options);

  // The engine has come to rest at `now`: what was due has fired.
  void check_none_overdue(const store::Store& store, base::Timestamp now);
  // What has ended has taken its timers with it.
  void check_timers_wanted(const engine::ExecutionReader& reader, const store::Store& store);

  // ---- When the faults have stopped

  // Every acknowledged execution has ended, and none that a task started still runs.
  void check_all_ended(const engine::ExecutionReader& reader);
  void check_none_running(const json::Value& listing);
  // Each outcome that was acknowledged is in one history, once.
  void check_outcomes(const engine::ExecutionReader& reader);

  // What was read in pages is what was read at once.
  void check_pages(std::string_view what, const std::vector<std::string>& whole,
                   const std::vector<std::string>& in_pages);
  // All executions of the machine that were acknowledged are listed, each once.
  void check_listing(std::string_view machine, const std::vector<std::string>& arns);

  // When all has ended, nothing waits on disk but the removal of closed executions.
  void check_nothing_owed(const store::Store& store);
  // When they have been kept for as long as they had to be, nothing of them is left.
  void check_all_removed(const store::Store& store);

  // Folds every history into one number; equal runs give equal numbers.
  std::uint64_t digest() const;

  const std::vector<std::string>& findings() const { return findings_; }
  void find(std::string finding) { findings_.push_back(std::move(finding)); }

 private:
  Events history_of(const engine::ExecutionReader& reader, const std::string& arn);
  void check_empty(const store::Store& store, char table);
  void check_heartbeats(const std::string& arn, const Events& events);

  std::vector<std::string> acknowledged_;
  std::set<std::string> known_;
  std::set<std::string> redriven_;
  std::map<std::string, std::map<std::string, std::string>> released_;  // execution -> request id -> payload
  std::set<std::string> released_now_;                                  // request ids
  std::set<std::int64_t> outcomes_;
  std::map<std::string, std::map<std::uint64_t, base::Timestamp>> heartbeats_;  // execution -> ActivityStarted -> last
  struct Seen {
    std::vector<std::uint64_t> events;  // a digest for each
    std::uint64_t shape = 0;            // of all, without names and texts, which two runs of a seed do not share
  };
  std::map<std::string, Seen> seen_;
  std::vector<std::string> findings_;
};

}  // namespace escapement::simulation
