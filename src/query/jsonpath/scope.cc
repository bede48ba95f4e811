#include "query/jsonpath/scope.h"

namespace escapement::jsonpath {

base::Result<json::Value> evaluate(const Path& path, const json::Value& input, const Scope& scope) {
  switch (path.root()) {
    case Root::input:
      return path.evaluate(input);
    case Root::context:
      return path.evaluate(scope.context());
    case Root::variable:
      break;
  }
  const json::Value* variable = scope.variable(path.variable());
  if (variable == nullptr) {
    return base::make_error(base::ErrorCode::not_found, "The variable '$" + path.variable() + "' has no value");
  }
  return path.evaluate(*variable);
}

}  // namespace escapement::jsonpath
