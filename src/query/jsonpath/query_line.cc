#include "query/jsonpath/query_line.h"

#include "json/parse.h"
#include "json/print.h"
#include "query/jsonpath/path.h"

namespace escapement::jsonpath {
namespace {

using json::Value;

std::string refusal(std::string_view code, std::string_view message) {
  return json::print(Value::object({{"error", Value::object({{"code", code}, {"message", message}})}}));
}

}  // namespace

std::string answer_query_line(std::string_view json_line) {
  const auto line = json::parse(json_line);
  if (!line) return refusal("InvalidRequest", line.error().message);
  const Value* text = line->find("expr");
  if (text == nullptr || !text->is_string()) return refusal("InvalidRequest", "The line has no text member \"expr\".");
  const auto path = Path::compile(text->as_string());
  if (!path) return refusal("InvalidPath", path.error().message);
  if (path->root() != Root::input)
    return refusal("InvalidPath",
                   "The path must begin with '$' alone: there is no context object and no variable here.");
  const Value* input = line->find("input");
  if (input == nullptr) return json::print(Value::object({{"undefined", true}}));
  const auto result = path->evaluate(*input);
  if (result) return json::print(Value::object({{"result", *result}}));
  if (result.error().code == base::ErrorCode::not_found) return json::print(Value::object({{"undefined", true}}));
  return refusal("EvaluationFailed", result.error().message);
}

}  // namespace escapement::jsonpath
