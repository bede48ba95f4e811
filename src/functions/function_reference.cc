#include "functions/function_reference.h"

namespace escapement::functions {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 140) return false;
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
          c == '.'))
      return false;
  }
  return true;
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

base::Error bad(std::string_view text) {
  return base::make_error(base::ErrorCode::invalid, "InvalidParameterValueException",
                          "'" + std::string(text.substr(0, 256)) + "' is not a function name or ARN");
}

// Takes the text up to the next colon if it is wanted; each part of an ARN may be left out.
bool take(std::string_view& text, std::string& into, bool (*is_wanted)(std::string_view)) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_wanted(text.substr(0, colon))) return false;
  into = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  return true;
}

// "us-east-1", "us-gov-west-1"
bool is_region(std::string_view text) {
  const std::size_t dash = text.rfind('-');
  return dash != std::string_view::npos && dash + 2 == text.size() && text.back() >= '0' && text.back() <= '9' &&
         text.find('-') >= 2 && text.find('-') < dash;
}

}  // namespace

base::Result<FunctionReference> parse_function_reference(std::string_view text) {
  std::string_view rest = text;
  FunctionReference reference;
  if (rest.starts_with("arn:")) {
    const std::size_t service = rest.find(':', 4);
    if (service == std::string_view::npos || !rest.substr(service + 1).starts_with("lambda:")) return bad(text);
    rest.remove_prefix(service + 1 + 7);
  }
  std::string word;
  take(rest, reference.region, is_region);
  take(rest, reference.account, is_account);
  take(rest, word, [](std::string_view part) { return part == "function"; });
  const std::size_t colon = rest.find(':');
  reference.name = rest.substr(0, colon);
  if (!is_name(reference.name)) return bad(text);
  if (colon != std::string_view::npos) {
    reference.qualifier = rest.substr(colon + 1);
    if (reference.qualifier != "$LATEST" && !is_name(reference.qualifier)) return bad(text);
  }
  return reference;
}

}  // namespace escapement::functions
