// One line of `escapement query jsonpath`.
#pragma once

#include <string>
#include <string_view>

namespace escapement::jsonpath {

// `json_line` is {"expr": text, "input": any value}. The answer is a JSON text without a line end: {"result": value},
// {"undefined": true} where a definite path found nothing, or {"error": {"code", "message"}} with the code
// "InvalidRequest" (not such a line), "InvalidPath" (does not compile) or "EvaluationFailed". Any thread.
std::string answer_query_line(std::string_view json_line);

}  // namespace escapement::jsonpath
