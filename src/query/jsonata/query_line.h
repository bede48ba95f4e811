// One line of `escapement query jsonata`: an expression and its input as JSON text, the answer as JSON text.
#pragma once

#include <string>
#include <string_view>

namespace escapement::query::jsonata {

// `line` is an object with "expr" and optionally "input" (absent: no context) and "bindings" (an object). The answer is
// {"result": ...}, {"undefined": true} or {"error": {"code", "message", "position", "token", "value", "functionName"}}
// with those members that apply; what is not such an object is answered with an error of code "InvalidRequest".
// Time is the system's, randomness is fresh. Any thread.
std::string answer_query_line(std::string_view line);

}  // namespace escapement::query::jsonata
