#include "wire/canonical.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "base/codec.h"

namespace escapement::wire {
namespace {

constexpr std::array<bool, 256> make_unreserved() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr auto kUnreserved = make_unreserved();

void append_encoded(std::string& out, std::string_view text, bool keep_slash) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved[byte] || (keep_slash && c == '/')) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back("0123456789ABCDEF"[byte >> 4]);
      out.push_back("0123456789ABCDEF"[byte & 15]);
    }
  }
}

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

std::string encoded_parameter(std::string_view text) {
  std::string out;
  if (const auto decoded = base::percent_decode(text)) {
    append_encoded(out, *decoded, false);
  } else {
    append_encoded(out, text, false);
  }
  return out;
}

int two_digits(std::string_view text, std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); }

}  // namespace

bool path_needs_normalising(std::string_view path) {
  return path.find("//") != std::string_view::npos || path.find("/.") != std::string_view::npos;
}

void append_canonical_path(std::string& out, std::string_view path, bool normalise) {
  if (path.empty()) path = "/";
  if (!normalise || !path_needs_normalising(path)) return append_encoded(out, path, true);
  std::vector<std::string_view> segments;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (const std::string_view segment : segments) {
    out.push_back('/');
    append_encoded(out, segment, false);
  }
  if (segments.empty() || path.ends_with('/')) out.push_back('/');
}

void append_canonical_query(std::string& out, std::string_view query, std::string_view left_out,
                            std::string_view left_out_too) {
  if (query.empty()) return;
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    std::string name = encoded_parameter(part.substr(0, equals));
    if (!name.empty() && (name == left_out || name == left_out_too)) continue;
    parameters.emplace_back(
        std::move(name), equals == std::string_view::npos ? std::string() : encoded_parameter(part.substr(equals + 1)));
  }
  std::sort(parameters.begin(), parameters.end());
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!first) out.push_back('&');
    first = false;
    out.append(name).append("=").append(value);
  }
}

void append_canonical_value(std::string& out, std::string_view value) {
  while (!value.empty() && is_white(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_white(value.back())) value.remove_suffix(1);
  bool after_blank = false;
  for (const char c : value) {
    const bool blank = is_white(c);
    if (!blank) {
      out.push_back(c);
    } else if (!after_blank) {
      out.push_back(' ');
    }
    after_blank = blank;
  }
}

base::Result<base::Timestamp> parse_amz_date(std::string_view text) {
  const auto bad = [] { return base::make_error(base::ErrorCode::invalid, "not of the form YYYYMMDDTHHMMSSZ"); };
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return bad();
  for (std::size_t i = 0; i < 15; ++i) {
    if (i != 8 && (text[i] < '0' || text[i] > '9')) return bad();
  }
  const std::chrono::year_month_day day(std::chrono::year(two_digits(text, 0) * 100 + two_digits(text, 2)),
                                        std::chrono::month(static_cast<unsigned>(two_digits(text, 4))),
                                        std::chrono::day(static_cast<unsigned>(two_digits(text, 6))));
  const int hour = two_digits(text, 9);
  const int minute = two_digits(text, 11);
  const int second = two_digits(text, 13);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return bad();
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return base::Timestamp::from_seconds(days * 86'400 + hour * 3'600 + minute * 60 + second);
}

}  // namespace escapement::wire
