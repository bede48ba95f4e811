#include <fmt/format.h>

#include "json/print.h"
#include "query/jsonpath/compiled.h"

namespace escapement::jsonpath {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using json::Value;

constexpr std::int64_t kVisitsMax = 10'000'000;

Error not_found(std::string message) { return base::make_error(ErrorCode::not_found, std::move(message)); }

// Jayway names the Java class of what it met.
std::string_view java_class(const Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return "null";
    case json::Kind::boolean:
      return "java.lang.Boolean";
    case json::Kind::number:
      return value.is_int64() ? "java.lang.Integer" : "java.lang.Double";
    case json::Kind::string:
      return "java.lang.String";
    case json::Kind::array:
      return "java.util.ArrayList";
    case json::Kind::object:
      return "java.util.LinkedHashMap";
  }
  return "null";
}

// Walks the steps and collects what they select. While everything so far was definite (`upstream_definite`), a place
// that is not there is an error; after the first branching step it only contributes nothing.
class Walker {
 public:
  Walker(const Steps& steps, Evaluation& evaluation) : steps_(steps), evaluation_(evaluation) {}

  Result<void> walk(std::size_t at, const Value& value, bool upstream_definite) {
    if (--evaluation_.visits_left < 0) {
      return base::make_error(ErrorCode::limit_exceeded, "the path visits more values than an evaluation may");
    }
    if (at == steps_.size()) {
      results_.push_back(value);
      return {};
    }
    const Step& step = steps_[at];
    switch (step.kind) {
      case Step::Kind::property:
        return property(at, value, upstream_definite);
      case Step::Kind::properties:
        return properties(at, value, upstream_definite);
      case Step::Kind::index:
      case Step::Kind::indices:
      case Step::Kind::slice:
        return elements(at, value, upstream_definite);
      case Step::Kind::wildcard:
        return each_child(value, [&](const Value& child) { return walk(at + 1, child, false); });
      case Step::Kind::scan:
        return scan(at, value);
      case Step::Kind::filter:
        return filter(at, value, upstream_definite);
      case Step::Kind::function: {
        auto result = apply_function(step, value, evaluation_);
        if (!result) return std::move(result).error();
        return walk(at + 1, *result, upstream_definite);
      }
    }
    return {};
  }

  std::vector<Value>& results() { return results_; }

 private:
  template <typename F>
  Result<void> each_child(const Value& value, F&& visit) {
    if (value.is_array()) {
      for (const Value& item : value.items()) ESC_CHECK(visit(item));
    } else if (value.is_object()) {
      for (const json::Member& member : value.members()) ESC_CHECK(visit(member.value));
    }
    return {};
  }

  Error not_an_object(std::size_t at, const Value& value) const {
    return not_found(
        fmt::format("Expected to find an object with property ['{}'] in path {} but found '{}'. This is not a json "
                    "object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
                    steps_[at].names[0], canonical_text(steps_, at), java_class(value)));
  }

  Result<void> property(std::size_t at, const Value& value, bool upstream_definite) {
    if (!value.is_object()) {
      if (!upstream_definite) return {};
      return not_an_object(at, value);
    }
    const Value* member = value.find(steps_[at].names[0]);
    if (member != nullptr) return walk(at + 1, *member, upstream_definite);
    if (!upstream_definite) return {};
    const bool last = at + 1 == steps_.size();
    return not_found((last ? "No results for path: " : "Missing property in path ") + canonical_text(steps_, at + 1));
  }

  Result<void> properties(std::size_t at, const Value& value, bool upstream_definite) {
    if (!value.is_object()) {
      if (!upstream_definite) return {};
      return not_an_object(at, value);
    }
    if (at + 1 == steps_.size()) {
      json::ObjectBuilder merged;
      for (const std::string& name : steps_[at].names) {
        if (const Value* member = value.find(name)) merged.set(name, *member);
      }
      results_.push_back(std::move(merged).build());
      return {};
    }
    for (const std::string& name : steps_[at].names) {
      if (const Value* member = value.find(name)) ESC_CHECK(walk(at + 1, *member, false));
    }
    return {};
  }

  Result<void> element(std::size_t at, const Value& array, std::int64_t index, bool upstream_definite) {
    const auto size = static_cast<std::int64_t>(array.size());
    if (index < 0) index += size;
    if (index < 0 || index >= size) return {};
    return walk(at + 1, array[static_cast<std::size_t>(index)], upstream_definite);
  }

  Result<void> elements(std::size_t at, const Value& value, bool upstream_definite) {
    const Step& step = steps_[at];
    if (!value.is_array()) {
      if (!upstream_definite) return {};
      if (value.is_null()) return not_found(fmt::format("The path {} is null", canonical_text(steps_, at)));
      return not_found(fmt::format("Filter: {} can only be applied to arrays. Current context is: {}",
                                   canonical_text({step}, 1).substr(1), json::print(value)));
    }
    if (step.kind == Step::Kind::slice) return slice(at, value);
    const bool definite = upstream_definite && step.kind == Step::Kind::index;
    for (const std::int64_t index : step.indices) ESC_CHECK(element(at, value, index, definite));
    return {};
  }

  Result<void> slice(std::size_t at, const Value& array) {
    const Step& step = steps_[at];
    const auto size = static_cast<std::int64_t>(array.size());
    std::int64_t from = step.from.value_or(0);
    std::int64_t to = step.to.value_or(size);
    if (from < 0) from = std::max<std::int64_t>(0, from + size);
    if (to < 0) to += size;
    to = std::min(to, size);
    for (std::int64_t i = from; i < to; ++i) ESC_CHECK(walk(at + 1, array[static_cast<std::size_t>(i)], false));
    return {};
  }

  // The next step at this value and at everything below it, parents first. A filter is asked of every container itself,
  // so an element of an array is selected when it is visited, not once more through its array.
  Result<void> scan(std::size_t at, const Value& value) {
    if (--evaluation_.visits_left < 0) {
      return base::make_error(ErrorCode::limit_exceeded, "the path visits more values than an evaluation may");
    }
    if (!value.is_object() && !value.is_array()) return {};
    const Step& next = steps_[at + 1];
    if (next.kind != Step::Kind::filter || accepts(*next.filter, value, evaluation_))
      ESC_CHECK(walk(at + 1, value, false));
    return each_child(value, [&](const Value& child) { return scan(at, child); });
  }

  Result<void> filter(std::size_t at, const Value& value, bool upstream_definite) {
    const FilterNode& node = *steps_[at].filter;
    if (value.is_object()) {
      return accepts(node, value, evaluation_) ? walk(at + 1, value, false) : Result<void>{};
    }
    if (value.is_array()) {
      for (const Value& item : value.items()) {
        if (--evaluation_.visits_left < 0) break;
        if (accepts(node, item, evaluation_)) ESC_CHECK(walk(at + 1, item, false));
      }
      return {};
    }
    if (!upstream_definite) return {};
    return base::make_error(
        ErrorCode::invalid,
        fmt::format("Filter: [?] can not be applied to primitives. Current context is: {}", json::print(value)));
  }

  const Steps& steps_;
  Evaluation& evaluation_;
  std::vector<Value> results_;
};

}  // namespace

Result<Value> evaluate_steps(const Steps& steps, const Value& start, Evaluation& evaluation) {
  Walker walker(steps, evaluation);
  ESC_CHECK(walker.walk(0, start, true));
  if (!is_definite(steps)) return Value::array(std::move(walker.results()));
  if (walker.results().empty()) return not_found("No results for path: " + canonical_text(steps, steps.size()));
  return std::move(walker.results().back());
}

Result<Value> Path::evaluate(const Value& root) const {
  const Steps& steps = compiled_->steps;
  if (steps.empty()) return root;
  // The common case, `$.a.b[0]`, needs neither a collector nor copies.
  const Value* at = &root;
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::property) {
      at = at->find(step.names[0]);
    } else if (step.kind == Step::Kind::index && at->is_array() && step.indices[0] >= 0 &&
               static_cast<std::size_t>(step.indices[0]) < at->size()) {
      at = &(*at)[static_cast<std::size_t>(step.indices[0])];
    } else {
      at = nullptr;
    }
    if (at == nullptr) break;
  }
  if (at != nullptr) return *at;
  Evaluation evaluation{root, kVisitsMax};
  Result<Value> result = evaluate_steps(steps, root, evaluation);
  // Step Functions answers an empty array even where the way to the first branching step is missing.
  if (!result && result.error().code == ErrorCode::not_found && !compiled_->definite) return Value::array({});
  return result;
}

}  // namespace escapement::jsonpath
