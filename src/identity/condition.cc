#include "identity/condition.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/codec.h"
#include "base/time.h"
#include "identity/arn.h"

namespace escapement::identity {
namespace {

struct Named {
  std::string_view name;  // lower case
  ConditionKind kind;
  Comparison comparison = Comparison::equal;
  bool negated = false;
  bool ignore_case = false;
};

constexpr Named kOperators[] = {
    {"stringequals", ConditionKind::string_equals},
    {"stringnotequals", ConditionKind::string_equals, Comparison::equal, true},
    {"stringequalsignorecase", ConditionKind::string_equals, Comparison::equal, false, true},
    {"stringnotequalsignorecase", ConditionKind::string_equals, Comparison::equal, true, true},
    {"stringlike", ConditionKind::string_like},
    {"stringnotlike", ConditionKind::string_like, Comparison::equal, true},
    {"numericequals", ConditionKind::numeric},
    {"numericnotequals", ConditionKind::numeric, Comparison::equal, true},
    {"numericlessthan", ConditionKind::numeric, Comparison::less},
    {"numericlessthanequals", ConditionKind::numeric, Comparison::less_equal},
    {"numericgreaterthan", ConditionKind::numeric, Comparison::greater},
    {"numericgreaterthanequals", ConditionKind::numeric, Comparison::greater_equal},
    {"dateequals", ConditionKind::date},
    {"datenotequals", ConditionKind::date, Comparison::equal, true},
    {"datelessthan", ConditionKind::date, Comparison::less},
    {"datelessthanequals", ConditionKind::date, Comparison::less_equal},
    {"dategreaterthan", ConditionKind::date, Comparison::greater},
    {"dategreaterthanequals", ConditionKind::date, Comparison::greater_equal},
    {"bool", ConditionKind::boolean},
    {"binaryequals", ConditionKind::binary},
    {"ipaddress", ConditionKind::ip},
    {"notipaddress", ConditionKind::ip, Comparison::equal, true},
    {"arnequals", ConditionKind::arn},
    {"arnlike", ConditionKind::arn},
    {"arnnotequals", ConditionKind::arn, Comparison::equal, true},
    {"arnnotlike", ConditionKind::arn, Comparison::equal, true},
    {"null", ConditionKind::null},
};

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// ISO 8601 with time, a date alone, or seconds since the epoch. In microseconds.
std::optional<double> parse_date(std::string_view text) {
  if (const auto seconds = parse_number(text)) return *seconds * 1e6;
  const std::string full = text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text);
  if (const auto time = base::parse_rfc3339(full)) return static_cast<double>(time->us);
  return std::nullopt;
}

template <typename T>
bool compare(Comparison comparison, const std::optional<T>& a, const std::optional<T>& b) {
  if (!a || !b) return false;
  switch (comparison) {
    case Comparison::equal:
      return *a == *b;
    case Comparison::less:
      return *a < *b;
    case Comparison::less_equal:
      return *a <= *b;
    case Comparison::greater:
      return *a > *b;
    case Comparison::greater_equal:
      return *a >= *b;
  }
  return false;
}

struct Address {
  std::array<unsigned char, 16> bytes{};
  int bits = 0;  // 32 or 128
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
    address.bits = 32;
  } else if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) {
    address.bits = 128;
  } else {
    return std::nullopt;
  }
  return address;
}

// `range` is an address or a CIDR block.
bool is_in_range(std::string_view range, std::string_view subject) {
  const auto slash = range.find('/');
  const auto network = parse_address(range.substr(0, slash));
  const auto address = parse_address(subject);
  if (!network || !address || network->bits != address->bits) return false;
  int prefix = network->bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = range.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() || prefix < 0 || prefix > network->bits)
      return false;
  }
  const auto whole = static_cast<std::size_t>(prefix / 8);
  if (std::memcmp(network->bytes.data(), address->bytes.data(), whole) != 0) return false;
  const int rest = prefix % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - rest));
  return (network->bytes[whole] & mask) == (address->bytes[whole] & mask);
}

// Field by field, so that no wildcard reaches over a colon.
bool arn_like(std::string_view pattern, std::string_view subject, const VariableSource& source) {
  const auto wanted = Pattern::split_fields(pattern, 6);
  const auto found = Pattern::split_fields(subject, 6);
  if (wanted.size() != 6 || found.size() != 6) return pattern == "*" || pattern == subject;
  for (std::size_t i = 0; i < 6; ++i) {
    if (!Pattern(wanted[i], {.variables = false}).matches(found[i], source)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> ConditionSource::variable(std::string_view key) const {
  std::vector<std::string> found;
  if (!values(key, found) || found.size() != 1) return std::nullopt;
  return std::move(found.front());
}

std::optional<ConditionOperator> parse_condition_operator(std::string_view name) {
  std::string text = to_lower(name);
  ConditionOperator op;
  if (text.starts_with("forallvalues:")) {
    op.qualifier = SetQualifier::all_values;
    text.erase(0, 13);
  } else if (text.starts_with("foranyvalue:")) {
    op.qualifier = SetQualifier::any_value;
    text.erase(0, 12);
  }
  if (text.ends_with("ifexists")) {
    op.if_exists = true;
    text.erase(text.size() - 8);
  }
  const auto* found = std::ranges::find(kOperators, text, &Named::name);
  if (found == std::end(kOperators) ||
      (found->kind == ConditionKind::null && (op.if_exists || op.qualifier != SetQualifier::none))) {
    return std::nullopt;
  }
  op.kind = found->kind;
  op.comparison = found->comparison;
  op.negated = found->negated;
  op.ignore_case = found->ignore_case;
  return op;
}

Condition::Condition(ConditionOperator op, std::string_view key, std::vector<std::string> values, bool variables)
    : operator_(op), key_(to_lower(key)) {
  for (const std::string& value : values) {
    patterns_.emplace_back(value, Pattern::Options{.variables = variables,
                                                   .wildcards = op.kind == ConditionKind::string_like,
                                                   .fold_case = op.ignore_case});
  }
}

bool Condition::matches(std::size_t index, const std::string& subject, const ConditionSource& source) const {
  const Pattern& pattern = patterns_[index];
  if (operator_.kind == ConditionKind::string_equals || operator_.kind == ConditionKind::string_like) {
    return pattern.matches(operator_.ignore_case ? to_lower(subject) : subject, source);
  }
  const auto wanted = pattern.resolve(source);
  if (!wanted) return false;
  switch (operator_.kind) {
    case ConditionKind::numeric:
      return compare(operator_.comparison, parse_number(subject), parse_number(*wanted));
    case ConditionKind::date:
      return compare(operator_.comparison, parse_date(subject), parse_date(*wanted));
    case ConditionKind::boolean:
      return equals_folded(subject, *wanted);
    case ConditionKind::binary: {
      const auto a = base::from_base64(subject);
      return a && a == base::from_base64(*wanted);
    }
    case ConditionKind::ip:
      return is_in_range(*wanted, subject);
    case ConditionKind::arn:
      return arn_like(*wanted, subject, source);
    default:
      return false;
  }
}

bool Condition::matches_any(const std::string& subject, const ConditionSource& source) const {
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (matches(i, subject, source)) return true;
  }
  return false;
}

bool Condition::holds(const ConditionSource& source) const {
  std::vector<std::string> subjects;
  const bool exists = source.values(key_, subjects);
  if (operator_.kind == ConditionKind::null) {
    for (const Pattern& pattern : patterns_) {
      const auto wanted = pattern.resolve(source);
      if (wanted && equals_folded(*wanted, "true") == !exists) return true;
    }
    return false;
  }
  const auto satisfies = [&](const std::string& subject) { return matches_any(subject, source) != operator_.negated; };
  switch (operator_.qualifier) {
    case SetQualifier::all_values:
      return std::ranges::all_of(subjects, satisfies);
    case SetQualifier::any_value:
      return exists ? std::ranges::any_of(subjects, satisfies) : operator_.if_exists;
    case SetQualifier::none:
      break;
  }
  if (!exists) return operator_.negated || operator_.if_exists;
  return operator_.negated ? std::ranges::all_of(subjects, satisfies) : std::ranges::any_of(subjects, satisfies);
}

}  // namespace escapement::identity
