// Reference paths: the part of JSONPath that names one place in a document (`$.a['b'][0]`), which is what ResultPath
// takes.
//
// Threading: immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace escapement::jsonpath {

class ReferencePath {
 public:
  using Step = std::variant<std::string, std::uint32_t>;  // a member's name, or an index of an array

  // Only the root `$` is allowed.
  // Errors: invalid.
  static base::Result<ReferencePath> compile(std::string_view text);

  const std::string& text() const { return text_; }
  const std::vector<Step>& steps() const { return steps_; }
  bool is_root_only() const { return steps_.empty(); }

  // `document` with `value` at this place; objects that are missing on the way are made. Root only: `value` itself.
  // Errors: invalid (something on the way is neither absent nor a container that has such a place).
  base::Result<json::Value> set(const json::Value& document, const json::Value& value) const;

 private:
  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace escapement::jsonpath
