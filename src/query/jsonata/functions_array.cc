// $sum, $sort, $distinct and the other functions on arrays.
#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

#include "query/jsonata/evaluation.h"
#include "query/jsonata/failure.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

Value sum(const Call& call) {
  if (call[0].is_undefined()) return {};
  const ArrayView items(call[0]);
  call.evaluation.charge(items.size() / 16);
  double total = 0;
  for (std::size_t i = 0; i < items.size(); ++i) total += items[i].number();
  return Value::of(total);
}

Value count(const Call& call) {
  return Value::of(call[0].is_undefined() ? 0.0 : static_cast<double>(ArrayView(call[0]).size()));
}

Value extreme(const Call& call, bool largest) {
  if (call[0].is_undefined() || ArrayView(call[0]).size() == 0) return {};
  const ArrayView items(call[0]);
  call.evaluation.charge(items.size() / 16);
  double best = items[0].number();
  for (std::size_t i = 1; i < items.size(); ++i) {
    const double number = items[i].number();
    if (largest ? number > best : number < best) best = number;
  }
  return Value::of(best);
}

Value max(const Call& call) { return extreme(call, true); }
Value min(const Call& call) { return extreme(call, false); }

Value average(const Call& call) {
  if (call[0].is_undefined() || ArrayView(call[0]).size() == 0) return {};
  return Value::of(sum(call).number() / static_cast<double>(ArrayView(call[0]).size()));
}

Value append(const Call& call) { return call.evaluation.append(call[0], call[1]); }

Value reverse(const Call& call) {
  if (call[0].is_undefined() || ArrayView(call[0]).size() <= 1) return call[0];
  const ArrayView items(call[0]);
  call.evaluation.charge(items.size());
  const Value result = call.evaluation.array();
  for (std::size_t i = items.size(); i-- > 0;) call.evaluation.push(result, items[i]);
  return result;
}

Value shuffle(const Call& call) {
  if (call[0].is_undefined() || ArrayView(call[0]).size() <= 1) return call[0];
  const ArrayView items(call[0]);
  call.evaluation.charge(items.size());
  std::vector<Value> shuffled(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double random = call.evaluation.environment().generator.uniform();
    const auto j = static_cast<std::size_t>(random * static_cast<double>(i + 1));
    if (i != j) shuffled[i] = shuffled[j];
    shuffled[j] = items[i];
  }
  return call.evaluation.array_of(shuffled);
}

// What JavaScript takes for true, which is what a comparator's answer is read as.
bool is_javascript_true(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::null:
      return false;
    case Kind::boolean:
      return value.boolean();
    case Kind::number:
      return value.number() != 0 && !std::isnan(value.number());
    case Kind::string:
      return !value.text().empty();
    default:
      return true;
  }
}

// A stable merge sort, split in halves as the reference does, so that a comparator sees the same pairs.
class Sorter {
 public:
  Sorter(Evaluation& evaluation, const Value& comparator) : evaluation_(evaluation), comparator_(comparator) {}

  void sort(std::vector<Value>& items) {
    scratch_.resize(items.size());
    sort(items, 0, items.size());
  }

 private:
  void sort(std::vector<Value>& items, std::size_t start, std::size_t end) {
    if (end - start <= 1) return;
    const std::size_t middle = start + (end - start) / 2;
    sort(items, start, middle);
    sort(items, middle, end);
    std::copy(items.begin() + static_cast<std::ptrdiff_t>(start), items.begin() + static_cast<std::ptrdiff_t>(end),
              scratch_.begin() + static_cast<std::ptrdiff_t>(start));
    std::size_t left = start;
    std::size_t right = middle;
    for (std::size_t out = start; out < end; ++out) {
      const bool take_right = left == middle || (right < end && swaps(scratch_[left], scratch_[right]));
      items[out] = take_right ? scratch_[right++] : scratch_[left++];
    }
  }

  bool swaps(const Value& left, const Value& right) {
    evaluation_.charge(1);
    if (comparator_.is_function()) return is_javascript_true(evaluation_.call(comparator_, {left, right}));
    if (left.is_string()) return compare_utf16(left.text(), right.text()) > 0;
    return left.number() > right.number();
  }

  Evaluation& evaluation_;
  Value comparator_;
  std::vector<Value> scratch_;
};

Value sort(const Call& call) {
  if (call[0].is_undefined() || ArrayView(call[0]).size() <= 1) return call[0];
  const ArrayView view(call[0]);
  std::vector<Value> items(view.size());
  bool numbers = true;
  bool strings = true;
  for (std::size_t i = 0; i < view.size(); ++i) {
    items[i] = view[i];
    strings = strings && items[i].is_string();
    if (!call[1].is_function()) numbers = numbers && call.evaluation.is_number(items[i]);
  }
  if (!call[1].is_function() && !numbers && !strings) throw Failure::of("D3070");
  Sorter(call.evaluation, call[1]).sort(items);
  return call.evaluation.array_of(items);
}

// Scalars that were seen, so that a long array of them is not compared pair by pair.
class SeenScalars {
 public:
  // Whether `value` is a scalar that was not added before; nullopt-like `known_kind` tells what it is.
  static bool handles(const Value& value) { return value.is_string() || value.kind() == Kind::number; }
  bool add(const Value& value) {
    if (value.is_string()) return strings_.insert(value.text()).second;
    return std::isnan(value.number()) || numbers_.insert(value.number() == 0 ? 0.0 : value.number()).second;
  }

 private:
  std::unordered_set<std::string_view> strings_;
  std::unordered_set<double> numbers_;
};

Value distinct(const Call& call) {
  if (!call[0].is_array() || ArrayView(call[0]).size() <= 1) return call[0];
  Evaluation& evaluation = call.evaluation;
  const ArrayView items(call[0]);
  const Value result = call[0].is_sequence() ? evaluation.sequence() : evaluation.array();
  SeenScalars scalars;
  std::vector<Value> others;
  for (std::size_t i = 0; i < items.size(); ++i) {
    evaluation.charge(1);
    const Value item = items[i];
    bool is_new = true;
    if (SeenScalars::handles(item)) {
      is_new = scalars.add(item);
    } else {
      is_new =
          std::none_of(others.begin(), others.end(), [&](const Value& other) { return evaluation.equal(item, other); });
      if (is_new) others.push_back(item);
    }
    if (is_new) evaluation.push(result, item);
  }
  return result;
}

Value zip(const Call& call) {
  Evaluation& evaluation = call.evaluation;
  std::size_t length = SIZE_MAX;
  for (const Value& argument : call.arguments) {
    length = std::min(length, argument.is_array() ? ArrayView(argument).size() : 0);
  }
  const Value result = evaluation.array();
  if (length == SIZE_MAX) return result;
  for (std::size_t i = 0; i < length; ++i) {
    const Value tuple = evaluation.array();
    for (const Value& argument : call.arguments) evaluation.push(tuple, ArrayView(argument)[i]);
    evaluation.charge(call.arguments.size());
    evaluation.push(result, tuple);
  }
  return result;
}

constexpr NativeFunction kFunctions[] = {
    {"sum", "<a<n>:n>", 1, sum},
    {"count", "<a:n>", 1, count},
    {"max", "<a<n>:n>", 1, max},
    {"min", "<a<n>:n>", 1, min},
    {"average", "<a<n>:n>", 1, average},
    {"append", "<xx:a>", 2, append},
    {"reverse", "<a:a>", 1, reverse},
    {"shuffle", "<a:a>", 1, shuffle},
    {"sort", "<af?:a>", 2, sort},
    {"distinct", "<x:x>", 1, distinct},
    {"zip", "<a+>", 0, zip},
};

}  // namespace

std::span<const NativeFunction> array_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
