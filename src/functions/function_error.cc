#include "functions/function_error.h"

#include <sys/wait.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "json/print.h"

namespace escapement::functions {

std::string sandbox_error(std::string_view request_id, std::string_view type, std::string_view message) {
  std::string text = R"({"errorType":)";
  json::print_string_to(text, type);
  text += R"(,"errorMessage":)";
  json::print_string_to(text, "RequestId: " + std::string(request_id) + " Error: " + std::string(message));
  text += "}";
  return text;
}

std::string describe_exit(int status) {
  if (WIFEXITED(status)) {
    if (WEXITSTATUS(status) == 0) return "Runtime exited without providing a reason";
    return "Runtime exited with error: exit status " + std::to_string(WEXITSTATUS(status));
  }
  const char* const description = WIFSIGNALED(status) ? ::sigdescr_np(WTERMSIG(status)) : nullptr;
  std::string name = description == nullptr ? "unknown" : description;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return "Runtime exited with error: signal: " + name;
}

}  // namespace escapement::functions
