// What TestState wants to know about one state on its way through the step function. An execution has nobody who looks.
//
// With an inspector a step runs one state only: what would follow it (the next state, a retry, a failed execution) is
// told instead of done, and the children of Parallel and Map states are replaced by a mock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "json/payload.h"
#include "json/value.h"

namespace escapement::interpreter {

// Why a state failed, as catchers see it. Absent members are shown as null there and left out of events.
struct StateError {
  std::optional<std::string> error;
  std::optional<std::string> cause;
  // A heartbeat that stayed away is told as States.Timeout; Retry and Catch know it by a name of its own too.
  bool heartbeat_missed = false;

  std::string_view matched_name() const {
    if (heartbeat_missed) return "States.HeartbeatTimeout";
    return error ? std::string_view(*error) : std::string_view();
  }
};

enum class Stage : std::uint8_t {
  after_input_path,
  after_parameters,
  after_arguments,
  after_items_path,
  after_item_selector,
  after_item_batcher,
  result,
  after_result_selector,
  after_result_path,
  max_concurrency,
  tolerated_failure_count,
  tolerated_failure_percentage,
};

// Calls come from within step(), on its thread.
class Inspector {
 public:
  virtual ~Inspector() = default;
  // The data at a stage; numbers for the last three.
  virtual void see(Stage stage, const json::Payload& data) = 0;
  // The state is done. `next` is empty where its graph ends; `assigned` may be nullptr.
  virtual void leaves(const json::Payload& output, const std::string& next, const json::Value* assigned) = 0;
  // A retrier matches; without a delay its attempts are used up.
  virtual void retries(std::size_t retrier, std::optional<double> delay_seconds) = 0;
  virtual void catches(std::size_t catcher) = 0;
  // The state failed with this error; a retry or a catcher may have taken it.
  virtual void fails(const StateError& error) = 0;
  // What stands in for the children of a Parallel or Map state (`items` of them): their results, or an error.
  struct Children {
    json::Payload results;
    std::optional<StateError> error;
  };
  virtual Children children(std::size_t items, std::optional<std::int64_t> tolerated_count,
                            std::optional<double> tolerated_percentage) = 0;
  // In place of what an ItemReader would read; nullopt: there is none.
  virtual std::optional<json::Value> reader_items() = 0;
};

}  // namespace escapement::interpreter
