// The functions at the end of a path: `.length()`, `.sum()`, `.concat($.a, "x")`. The numeric ones answer reals, as in
// Jayway.
#include <cmath>

#include "json/print.h"
#include "query/jsonpath/compiled.h"

namespace escapement::jsonpath {
namespace {

using base::ErrorCode;
using base::Result;
using json::Value;

std::vector<Value> items_of(const Value& value) {
  if (!value.is_array()) return {};
  return {value.items().begin(), value.items().end()};
}

Result<std::vector<Value>> evaluate_arguments(const Step& step, Evaluation& evaluation) {
  std::vector<Value> out;
  for (const Argument& argument : step.arguments) {
    if (const auto* literal = std::get_if<Value>(&argument.value)) {
      out.push_back(*literal);
      continue;
    }
    ESC_TRY(Value value, evaluate_steps(std::get<Steps>(argument.value), evaluation.root, evaluation));
    out.push_back(std::move(value));
  }
  return out;
}

// The numbers among the subject's items and the arguments (an argument that is an array stands for its items).
std::vector<double> numbers_of(const Value& subject, const std::vector<Value>& arguments) {
  std::vector<double> out;
  const auto add = [&](const Value& value) {
    if (value.is_number()) out.push_back(value.as_double());
  };
  for (const Value& item : items_of(subject)) add(item);
  for (const Value& argument : arguments) {
    add(argument);
    for (const Value& item : items_of(argument)) add(item);
  }
  return out;
}

Result<Value> aggregate(Function function, const std::vector<double>& numbers) {
  if (numbers.empty()) {
    return base::make_error(ErrorCode::invalid, "Aggregation function attempted to calculate value using empty array");
  }
  double sum = 0;
  double squares = 0;
  double least = numbers[0];
  double most = numbers[0];
  for (const double n : numbers) {
    sum += n;
    squares += n * n;
    least = std::fmin(least, n);
    most = std::fmax(most, n);
  }
  const auto count = static_cast<double>(numbers.size());
  double result = 0;
  switch (function) {
    case Function::min:
      result = least;
      break;
    case Function::max:
      result = most;
      break;
    case Function::sum:
      result = sum;
      break;
    case Function::avg:
      result = sum / count;
      break;
    default:
      result = std::sqrt(squares / count - sum * sum / count / count);
      break;
  }
  if (!std::isfinite(result)) return base::make_error(ErrorCode::invalid, "the result is not a finite number");
  return Value(result);
}

Value length_of(const Value& subject, const std::vector<Value>& arguments) {
  const Value& counted = arguments.empty() ? subject : arguments[0];
  if (counted.is_array() || counted.is_object()) return Value(static_cast<std::int64_t>(counted.size()));
  return {};
}

Value concatenate(const Value& subject, const std::vector<Value>& arguments) {
  std::string out;
  for (const Value& item : items_of(subject)) {
    if (item.is_string()) out += item.as_string();
  }
  const auto append = [&](const Value& value) { out += value.is_string() ? value.as_string() : json::print(value); };
  for (const Value& argument : arguments) {
    if (!argument.is_array()) append(argument);
    for (const Value& item : items_of(argument)) append(item);
  }
  return Value(std::move(out));
}

Result<Value> element(Function function, const Value& subject, const std::vector<Value>& arguments) {
  if (!subject.is_array() || subject.size() == 0) {
    return base::make_error(ErrorCode::invalid, "Aggregation function attempted to calculate value using empty array");
  }
  const auto size = static_cast<std::int64_t>(subject.size());
  std::int64_t index = function == Function::last ? size - 1 : 0;
  if (function == Function::index) {
    if (arguments.empty() || !arguments[0].is_int64())
      return base::make_error(ErrorCode::invalid, "index() takes a whole number");
    index = arguments[0].as_int64();
    if (index < 0) index += size;
  }
  if (index < 0 || index >= size) return base::make_error(ErrorCode::invalid, "the index is outside the array");
  return subject[static_cast<std::size_t>(index)];
}

}  // namespace

Result<Value> apply_function(const Step& step, const Value& subject, Evaluation& evaluation) {
  ESC_TRY(const std::vector<Value> arguments, evaluate_arguments(step, evaluation));
  switch (step.function) {
    case Function::length:
    case Function::size:
      return length_of(subject, arguments);
    case Function::min:
    case Function::max:
    case Function::avg:
    case Function::sum:
    case Function::stddev:
      return aggregate(step.function, numbers_of(subject, arguments));
    case Function::concat:
      return concatenate(subject, arguments);
    case Function::append: {
      std::vector<Value> items = items_of(subject);
      items.insert(items.end(), arguments.begin(), arguments.end());
      return Value::array(std::move(items));
    }
    case Function::keys: {
      if (!subject.is_object()) return Value();
      std::vector<Value> names;
      for (const json::Member& member : subject.members()) names.emplace_back(member.key);
      return Value::array(std::move(names));
    }
    case Function::first:
    case Function::last:
    case Function::index:
      return element(step.function, subject, arguments);
  }
  return Value();
}

}  // namespace escapement::jsonpath
