// Patterns over JSON events: { ($.status >= 500 || $.error EXISTS) && $.user.name = "a*" }.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/value.h"
#include "services/logs/filter_scanner.h"

namespace escapement::services::logs {

// A property by names and positions; immutable.
struct JsonSelector {
  std::vector<std::variant<std::string, std::size_t>> steps;

  const json::Value* find(const json::Value& event) const;  // null where there is none
};

// What a condition says of one property.
enum class JsonState { exists, not_exists, is_null, is_true, is_false };
struct JsonCondition {
  JsonSelector selector;
  std::variant<FilterTest, JsonState> says;

  bool holds(const json::Value& event) const;
};

class JsonPattern {
 public:
  // `scanner` stands after the "{". Errors: InvalidParameterException.
  static base::Result<JsonPattern> parse(FilterScanner& scanner);
  // An event that is no JSON object matches nothing.
  bool matches(std::string_view message) const;

 private:
  enum class Kind { all, any, condition };
  struct Node {
    Kind kind = Kind::all;
    std::vector<Node> parts;
    std::shared_ptr<const JsonCondition> condition;
  };

  static base::Result<Node> parse_any(FilterScanner& scanner, int depth);
  static base::Result<Node> parse_all(FilterScanner& scanner, int depth);
  static base::Result<Node> parse_one(FilterScanner& scanner, int depth);
  static bool holds(const Node& node, const json::Value& event);

  Node root_;
};

}  // namespace escapement::services::logs
