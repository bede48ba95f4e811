#include "functions/function_reference.h"

#include <vector>

namespace escapement::functions {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 140) return false;
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  }
  return true;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t colon = text.find(':', at);
    parts.push_back(text.substr(at, colon - at));
    if (colon == std::string_view::npos) return parts;
    at = colon + 1;
  }
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

base::Error bad(std::string_view text) {
  return base::make_error(base::ErrorCode::invalid, "InvalidParameterValueException",
                          "'" + std::string(text.substr(0, 256)) + "' is not a function name or ARN");
}

}  // namespace

base::Result<FunctionReference> parse_function_reference(std::string_view text) {
  std::vector<std::string_view> parts = split(text);
  FunctionReference reference;
  std::size_t at = 0;
  if (parts[0] == "arn") {
    if (parts.size() < 7 || parts[2] != "lambda" || parts[5] != "function" || !is_account(parts[4])) return bad(text);
    reference.region = parts[3];
    reference.account = parts[4];
    at = 6;
  } else if (parts.size() >= 3 && parts[1] == "function" && is_account(parts[0])) {
    reference.account = parts[0];
    at = 2;
  } else if (parts.size() >= 2 && parts[0] == "function") {
    at = 1;
  }
  if (!is_name(parts[at]) || parts.size() > at + 2) return bad(text);
  reference.name = parts[at];
  if (parts.size() == at + 2) {
    const std::string_view qualifier = parts[at + 1];
    if (qualifier != "$LATEST" && !is_name(qualifier)) return bad(text);
    reference.qualifier = qualifier;
  }
  return reference;
}

}  // namespace escapement::functions
