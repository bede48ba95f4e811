// Numbers and names of executions.
//
// An ExecutionId holds the time of its making, its partition and a sequence number, so ids grow with time inside a
// partition and an id alone says where the execution lives:
//
//   40 bits milliseconds since 2020-01-01 | 12 bits partition | 12 bits sequence
//
// An execution that its starter did not name gets a name made from its id: a UUID whose first half is the id and whose
// second half is a keyed hash of it. The name is then stored nowhere and looked up nowhere: it *is* the id, and the
// keyed hash keeps such names from being made by hand. Named executions live in the partition that the hash of their
// ARN picks, and a row leads from the name to the id.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "interpreter/step.h"
#include "store/store.h"

namespace escapement::engine {

inline constexpr std::uint16_t kPartitionsMax = 4'096;

struct ExecutionId {
  std::uint64_t bits = 0;

  store::PartitionId partition() const { return static_cast<store::PartitionId>(bits >> 12 & 0xfff); }
  // The millisecond of making; ids of the same millisecond and partition differ in their sequence number.
  base::Timestamp made() const;
  auto operator<=>(const ExecutionId&) const = default;
};

// Makes ids of which no two are the same, and that grow with time, even when the clock steps back. Of one shard.
class IdSequence {
 public:
  ExecutionId next(store::PartitionId partition, base::Timestamp now);
  // Ids made from now on are of a later millisecond than `id`: within its own, other partitions may hold higher
  // numbers.
  void skip_past(ExecutionId id);

 private:
  std::uint64_t last_time_and_sequence_ = 0;
};

// Names from ids and back. Any thread; `secret` stays the same for a data set's whole life.
class NameCodec {
 public:
  explicit NameCodec(std::uint64_t secret) : secret_(secret) {}
  std::string name_of(ExecutionId id) const;
  // nullopt: not a name made from an id of this data set.
  std::optional<ExecutionId> id_of(std::string_view name) const;

 private:
  std::uint64_t check_bits(ExecutionId id) const;
  std::uint64_t secret_;
};

// One try of one task of one execution: what an effect is known by everywhere outside the engine.
struct TaskKey {
  ExecutionId execution;
  interpreter::TaskId task;
  auto operator<=>(const TaskKey&) const = default;
};

// Task tokens (SendTaskSuccess, …): a TaskKey under a message authentication code, so they can neither be guessed nor
// be altered, and need no storage. Any thread.
class TaskTokens {
 public:
  explicit TaskTokens(std::string key) : key_(std::move(key)) {}
  std::string token(const TaskKey& task) const;
  // Errors: invalid ("InvalidToken").
  base::Result<TaskKey> parse(std::string_view token) const;

 private:
  std::string key_;
};

struct ExecutionArn {
  std::string region;
  std::string account;
  std::string machine_name;
  std::string name;
  std::string express_id;  // express executions: the part after the name
  bool express = false;

  std::string to_string() const;
  // Errors: invalid ("InvalidArn").
  static base::Result<ExecutionArn> parse(std::string_view text);
};

}  // namespace escapement::engine
