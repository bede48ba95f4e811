// The Condition element: operators, set qualifiers, IfExists. Pure.
//
// Semantics after the IAM User Guide ("IAM JSON policy elements: Condition operators"): several values of one key are
// alternatives, for negated operators none may match; a missing key fails a positive operator and satisfies a negated
// one or one with IfExists; ForAllValues holds where the key has no values, ForAnyValue does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/pattern.h"

namespace escapement::identity {

// The condition keys of one request.
class ConditionSource : public VariableSource {
 public:
  // Appends the values of `key` (lower case); false: the request has no such key.
  virtual bool values(std::string_view key, std::vector<std::string>& out) const = 0;
  std::optional<std::string> variable(std::string_view key) const override;
};

enum class ConditionKind : std::uint8_t { string_equals, string_like, numeric, date, boolean, binary, ip, arn, null };
enum class Comparison : std::uint8_t { equal, less, less_equal, greater, greater_equal };
enum class SetQualifier : std::uint8_t { none, all_values, any_value };

struct ConditionOperator {
  ConditionKind kind = ConditionKind::string_equals;
  Comparison comparison = Comparison::equal;
  SetQualifier qualifier = SetQualifier::none;
  bool negated = false;
  bool ignore_case = false;
  bool if_exists = false;
};

// "ForAnyValue:StringNotLikeIfExists", in any case of letters. nullopt: no such operator.
std::optional<ConditionOperator> parse_condition_operator(std::string_view name);

// One key of one operator.
class Condition {
 public:
  // `variables`: whether `${…}` in the values is a variable.
  Condition(ConditionOperator op, std::string_view key, std::vector<std::string> values, bool variables);

  bool holds(const ConditionSource& source) const;
  const std::string& key() const { return key_; }  // lower case

 private:
  bool matches_any(const std::string& subject, const ConditionSource& source) const;
  bool matches(std::size_t index, const std::string& subject, const ConditionSource& source) const;

  ConditionOperator operator_;
  std::string key_;
  std::vector<Pattern> patterns_;
};

}  // namespace escapement::identity
