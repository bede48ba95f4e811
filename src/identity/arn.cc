#include "identity/arn.h"

#include <algorithm>

namespace escapement::identity {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<Arn> parse_arn(std::string_view text) {
  std::string_view fields[5];
  for (auto& field : fields) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    field = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (fields[0] != "arn" || fields[1].empty() || fields[2].empty() || text.empty()) return std::nullopt;
  return Arn{fields[1], fields[2], fields[3], fields[4], text};
}

std::string_view resource_type(const Arn& arn) { return arn.resource.substr(0, arn.resource.find('/')); }

std::string_view resource_name(const Arn& arn) { return arn.resource.substr(arn.resource.rfind('/') + 1); }

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool equals_folded(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace escapement::identity
