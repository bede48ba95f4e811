// What a query can see besides the data it is applied to. The interpreter implements it over an execution's state.
#pragma once

#include <string_view>

#include "base/result.h"
#include "json/value.h"
#include "query/jsonpath/path.h"

namespace escapement::jsonpath {

class Scope {
 public:
  virtual ~Scope() = default;
  // The context object, `$$`. Asked for only by queries that mention it, so it may be built on the first call; the
  // reference must stay valid as long as the Scope.
  virtual const json::Value& context() const = 0;
  // The variable's value, or nullptr when it has none here; valid as long as the Scope.
  virtual const json::Value* variable(std::string_view name) const = 0;
};

// Sees nothing: an empty context object and no variables.
class EmptyScope final : public Scope {
 public:
  const json::Value& context() const override { return context_; }
  const json::Value* variable(std::string_view) const override { return nullptr; }

 private:
  json::Value context_ = json::Value::object(std::vector<json::Member>{});
};

// The path applied to what its root names. Errors: as Path::evaluate; not_found too where the variable has no value.
base::Result<json::Value> evaluate(const Path& path, const json::Value& input, const Scope& scope);

}  // namespace escapement::jsonpath
