// The parsed form of a payload template. Internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "asl/jsonata.h"
#include "json/value.h"
#include "query/intrinsics/expression.h"
#include "query/jsonpath/path.h"

namespace escapement::asl {

struct TemplateMember;

struct TemplateNode {
  using Object = std::vector<TemplateMember>;
  using Array = std::vector<TemplateNode>;
  std::variant<json::Value, Object, Array, jsonpath::Path, intrinsics::Expression, JsonataExpression> content;

  bool is_constant() const { return content.index() == 0; }
};

struct TemplateMember {
  std::string key;    // of the result
  std::string field;  // as written: "name.$" in JSONPath
  TemplateNode node;
};

// "The JSONPath '$.x' specified for the field 'y.$' could not be found in the input '{...}'"
Failure path_not_found(const jsonpath::Path& path, std::string_view field, const Environment& environment);

// The failure of an intrinsic call, as AWS words it.
Failure intrinsic_failure(const intrinsics::Expression& expression, const intrinsics::Failure& failure,
                          const Environment& environment);

inline intrinsics::Environment to_intrinsics(const Environment& environment) {
  return {environment.input, environment.scope, environment.generator};
}

}  // namespace escapement::asl
