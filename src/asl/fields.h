// The smaller fields of states: paths that select, the place where a result goes, numbers and texts that are given
// literally, by a path or by a JSONata expression.
//
// Each evaluates with the words AWS uses for that field. Threading: immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "asl/environment.h"
#include "asl/jsonata.h"
#include "json/value.h"
#include "query/intrinsics/expression.h"
#include "query/jsonpath/path.h"
#include "query/jsonpath/reference_path.h"

namespace escapement::asl {

// InputPath and OutputPath.
class SelectPath {
 public:
  SelectPath() = default;                                // `$`: everything
  static SelectPath none() { return SelectPath(true); }  // written `null`: an empty object
  explicit SelectPath(jsonpath::Path path) : path_(std::move(path)) {}

  // The selection is the input itself, so its text may be passed on untouched.
  bool is_whole() const { return !none_ && !path_; }
  // Failures: States.Runtime, "Invalid path '$.x' : No results for path: $['x']".
  Evaluated<json::Value> evaluate(const Environment& environment) const;
  const std::optional<jsonpath::Path>& path() const { return path_; }

 private:
  explicit SelectPath(bool none) : none_(none) {}
  bool none_ = false;
  std::optional<jsonpath::Path> path_;
};

// ResultPath.
class ResultPath {
 public:
  ResultPath() = default;                                   // `$`: the result replaces the input
  static ResultPath discard() { return ResultPath(true); }  // written `null`: the input stays, the result is dropped
  explicit ResultPath(jsonpath::ReferencePath path);

  bool discards() const { return discard_; }
  bool is_whole() const { return !discard_ && !path_; }
  // Failures: States.ResultPathMatchFailure.
  Evaluated<json::Value> apply(const json::Value& input, const json::Value& result) const;

 private:
  explicit ResultPath(bool discard) : discard_(discard) {}
  bool discard_ = false;
  std::optional<jsonpath::ReferencePath> path_;
};

// A whole number: `TimeoutSeconds`, `TimeoutSecondsPath`, `MaxConcurrency` and their like.
struct IntegerField {
  // nullptr name: the field is absent.
  std::string_view name;  // "SecondsPath": the field as written; static text
  std::variant<std::monostate, std::int64_t, jsonpath::Path, JsonataExpression> value;

  bool present() const { return value.index() != 0; }
  // nullopt when absent. Whether the number is in range for the field is checked here too, with AWS's words.
  Evaluated<std::optional<std::int64_t>> evaluate(const Environment& environment) const;
};

// As IntegerField, for ToleratedFailurePercentage, which may have a fraction.
struct NumberField {
  std::string_view name;
  std::variant<std::monostate, double, jsonpath::Path, JsonataExpression> value;

  bool present() const { return value.index() != 0; }
  Evaluated<std::optional<double>> evaluate(const Environment& environment) const;
};

// Error, Cause, their Path forms (which take intrinsic calls as well), and Timestamp.
struct TextField {
  std::string_view name;  // "CausePath": the field as written; static text
  std::variant<std::monostate, std::string, jsonpath::Path, intrinsics::Expression, JsonataExpression> value;

  bool present() const { return value.index() != 0; }
  Evaluated<std::optional<std::string>> evaluate(const Environment& environment) const;
};

}  // namespace escapement::asl
