// What must hold whatever the faults were. Findings are sentences; none means that all is well.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace escapement::simulation {

class Checker {
 public:
  // The engine said that this execution started.
  void acknowledged(const engine::Started& started) { acknowledged_[started.id] = started.arn; }
  std::size_t acknowledged_count() const { return acknowledged_.size(); }
  engine::ExecutionId any(std::uint64_t choice) const;

  // Histories are well formed and only grow at their end. To be called whenever no batch is being made.
  void check_histories(const engine::ExecutionReader& reader);
  // Every acknowledged execution has ended.
  void check_all_ended(const engine::ExecutionReader& reader);

  // Folds every history into one number; equal runs give equal numbers.
  std::uint64_t digest() const;

  const std::vector<std::string>& findings() const { return findings_; }
  void find(std::string finding) { findings_.push_back(std::move(finding)); }

 private:
  void check_events(engine::ExecutionId id, const std::vector<history::Event>& events);

  std::map<engine::ExecutionId, std::string> acknowledged_;
  std::map<engine::ExecutionId, std::vector<std::uint64_t>> seen_;  // a digest for each event
  std::vector<std::string> findings_;
};

}  // namespace escapement::simulation
