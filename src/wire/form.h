// The query protocol's request: form-encoded parameters whose dotted names spell out structures
// (`Tags.member.1.Key=a&Tags.member.1.Value=b`).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "wire/model.h"

namespace escapement::wire {

class Form {
 public:
  // Errors: invalid, named MalformedQueryString; limit_exceeded beyond 10,000 parameters.
  static base::Result<Form> parse(std::string_view text);

  // The first parameter of that name, or an empty view.
  std::string_view get(std::string_view name) const;
  // The parameters as the shape's value. What the shape does not know is ignored.
  // Errors: invalid, named MalformedInput, where a number, boolean, time or blob is none.
  base::Result<json::Value> to_value(const Shape& shape) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace escapement::wire
