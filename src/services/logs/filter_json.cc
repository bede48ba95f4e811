#include "services/logs/filter_json.h"

#include <algorithm>

#include "json/parse.h"
#include "json/print.h"

namespace escapement::services::logs {
namespace {

constexpr int kDepthMax = 32;
constexpr std::string_view kStops = ")}&|";

base::Result<JsonSelector> parse_selector(FilterScanner& scanner) {
  JsonSelector selector;
  if (!scanner.take("$")) return bad_pattern("a property begins with $");
  for (;;) {
    if (scanner.take(".")) {
      std::string name = scanner.name();
      if (name.empty()) return bad_pattern("a name is missing after $.");
      selector.steps.emplace_back(std::move(name));
    } else if (scanner.take("[\"") || scanner.take("['")) {
      return bad_pattern("names in brackets are not part of the syntax");
    } else if (scanner.take("[")) {
      const auto position = number_of(scanner.bare("]"));
      if (!position || *position < 0 || *position > 1e6 || !scanner.take("]"))
        return bad_pattern("a position is wrong");
      selector.steps.emplace_back(static_cast<std::size_t>(*position));
    } else {
      break;
    }
  }
  if (selector.steps.empty()) return bad_pattern("a property is missing");
  return selector;
}

base::Result<JsonCondition> parse_condition(FilterScanner& scanner) {
  JsonCondition condition;
  ESC_TRY(condition.selector, parse_selector(scanner));
  if (scanner.take_word("EXISTS")) {
    condition.says = JsonState::exists;
  } else if (scanner.take_word("NOT")) {
    if (!scanner.take_word("EXISTS")) return bad_pattern("NOT stands only before EXISTS");
    condition.says = JsonState::not_exists;
  } else if (scanner.take_word("IS")) {
    if (scanner.take_word("NULL")) {
      condition.says = JsonState::is_null;
    } else if (scanner.take_word("TRUE")) {
      condition.says = JsonState::is_true;
    } else if (scanner.take_word("FALSE")) {
      condition.says = JsonState::is_false;
    } else {
      return bad_pattern("IS stands only before NULL, TRUE and FALSE");
    }
  } else {
    ESC_TRY(condition.says, FilterTest::parse(scanner, kStops));
  }
  return condition;
}

}  // namespace

const json::Value* JsonSelector::find(const json::Value& event) const {
  const json::Value* value = &event;
  for (const auto& step : steps) {
    if (const auto* const name = std::get_if<std::string>(&step)) {
      value = value->is_object() ? value->find(*name) : nullptr;
    } else {
      const std::size_t position = std::get<std::size_t>(step);
      value = value->is_array() && position < value->size() ? &value->items()[position] : nullptr;
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

bool JsonCondition::holds(const json::Value& event) const {
  const json::Value* const value = selector.find(event);
  if (const auto* const state = std::get_if<JsonState>(&says)) {
    switch (*state) {
      case JsonState::exists:
        return value != nullptr;
      case JsonState::not_exists:
        return value == nullptr;
      case JsonState::is_null:
        return value != nullptr && value->is_null();
      case JsonState::is_true:
        return value != nullptr && value->is_bool() && value->as_bool();
      case JsonState::is_false:
        return value != nullptr && value->is_bool() && !value->as_bool();
    }
  }
  if (value == nullptr || value->is_null() || value->is_object() || value->is_array()) return false;
  const FilterTest& test = std::get<FilterTest>(says);
  if (value->is_string()) return test.matches(value->as_string(), std::nullopt);
  return test.matches(json::print(*value), value->is_number() ? std::optional(value->as_double()) : std::nullopt);
}

base::Result<JsonPattern> JsonPattern::parse(FilterScanner& scanner) {
  JsonPattern pattern;
  ESC_TRY(pattern.root_, parse_any(scanner, 0));
  if (!scanner.take("}") || !scanner.at_end()) return bad_pattern("the } is missing or not the end");
  return pattern;
}

base::Result<JsonPattern::Node> JsonPattern::parse_any(FilterScanner& scanner, int depth) {
  Node node{.kind = Kind::any, .parts = {}, .condition = {}};
  do {
    ESC_TRY(Node part, parse_all(scanner, depth));
    node.parts.push_back(std::move(part));
  } while (scanner.take("||"));
  return node;
}

base::Result<JsonPattern::Node> JsonPattern::parse_all(FilterScanner& scanner, int depth) {
  Node node{.kind = Kind::all, .parts = {}, .condition = {}};
  do {
    ESC_TRY(Node part, parse_one(scanner, depth));
    node.parts.push_back(std::move(part));
  } while (scanner.take("&&"));
  return node;
}

base::Result<JsonPattern::Node> JsonPattern::parse_one(FilterScanner& scanner, int depth) {
  if (depth > kDepthMax) return bad_pattern("it is nested too deeply");
  if (scanner.take("(")) {
    ESC_TRY(Node node, parse_any(scanner, depth + 1));
    if (!scanner.take(")")) return bad_pattern("a ) is missing");
    return node;
  }
  ESC_TRY(JsonCondition condition, parse_condition(scanner));
  return Node{
      .kind = Kind::condition, .parts = {}, .condition = std::make_shared<const JsonCondition>(std::move(condition))};
}

bool JsonPattern::holds(const Node& node, const json::Value& event) {
  const auto part_holds = [&](const Node& part) { return holds(part, event); };
  switch (node.kind) {
    case Kind::all:
      return std::ranges::all_of(node.parts, part_holds);
    case Kind::any:
      return std::ranges::any_of(node.parts, part_holds);
    case Kind::condition:
      return node.condition->holds(event);
  }
  return false;
}

bool JsonPattern::matches(std::string_view message) const {
  const auto event = json::parse(message);
  return event && event->is_object() && holds(root_, *event);
}

}  // namespace escapement::services::logs
