// What a state's data looked like on its way through the state. TestState shows it; an execution has nobody who looks.
#pragma once

#include <cstdint>

#include "json/value.h"

namespace escapement::interpreter {

enum class Stage : std::uint8_t {
  after_input_path,
  after_parameters,
  after_arguments,
  result,
  after_result_selector,
  after_result_path,
  after_items_path,
  after_items_pointer,
  after_item_selector,
  after_item_batcher,
  max_concurrency,
  tolerated_failure_count,
  tolerated_failure_percentage,
};

class Inspector {
 public:
  virtual ~Inspector() = default;
  virtual void see(Stage stage, const json::Value& value) = 0;
};

}  // namespace escapement::interpreter
