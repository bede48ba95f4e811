#include "json/print.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace escapement::json {
namespace {

constexpr int kIndent = 2;

void new_line(std::string& out, int depth) {
  out.push_back('\n');
  out.append(static_cast<std::size_t>(depth * kIndent), ' ');
}

// Plain between 1e-3 and 1e7, else one digit before the point and an exponent: the form of Java's Double.toString,
// which AWS's answers show.
std::string print_real(double real) {
  if (real == 0) return std::signbit(real) ? "-0.0" : "0.0";
  char buffer[40];
  const double magnitude = std::fabs(real);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, real, std::chars_format::fixed).ptr;
    std::string text(buffer, end);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
  }
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, real, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  const std::size_t mark = text.find('e');
  std::string mantissa = text.substr(0, mark);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  return mantissa + "E" + std::to_string(std::atoi(text.c_str() + mark + 1));
}

// Half of a pair, kept as the three bytes that UTF-8 would give it, as the escape that it came from.
std::string_view digits_of(EscapeDigits digits) {
  return digits == EscapeDigits::upper ? "0123456789ABCDEF" : "0123456789abcdef";
}

void print_surrogate_to(std::string& out, std::string_view bytes, std::string_view digits) {
  const unsigned unit =
      0xd000u | (static_cast<unsigned>(bytes[1]) & 0x3f) << 6 | (static_cast<unsigned>(bytes[2]) & 0x3f);
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(digits[(unit >> shift) & 15]);
}

void print_any(std::string& out, const Value& value, bool pretty, int depth);

void print_items(std::string& out, const Value& array, bool pretty, int depth) {
  out.push_back('[');
  bool first = true;
  for (const Value& item : array.items()) {
    if (!first) out.push_back(',');
    first = false;
    if (pretty) new_line(out, depth + 1);
    print_any(out, item, pretty, depth + 1);
  }
  if (pretty && !first) new_line(out, depth);
  out.push_back(']');
}

void print_members(std::string& out, const Value& object, bool pretty, int depth) {
  out.push_back('{');
  bool first = true;
  for (const Member& member : object.members()) {
    if (!first) out.push_back(',');
    first = false;
    if (pretty) new_line(out, depth + 1);
    print_string_to(out, member.key);
    out.push_back(':');
    if (pretty) out.push_back(' ');
    print_any(out, member.value, pretty, depth + 1);
  }
  if (pretty && !first) new_line(out, depth);
  out.push_back('}');
}

void print_any(std::string& out, const Value& value, bool pretty, int depth) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      return;
    case Kind::number:
      out += print_number(value);
      return;
    case Kind::string:
      print_string_to(out, value.as_string());
      return;
    case Kind::array:
      print_items(out, value, pretty, depth);
      return;
    case Kind::object:
      print_members(out, value, pretty, depth);
      return;
  }
}

}  // namespace

std::string print_number(const Value& number) {
  if (number.is_int64()) {
    char buffer[24];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number.as_int64()).ptr};
  }
  if (number.is_integer()) return std::string(number.digits());
  return print_real(number.as_double());
}

void print_string_to(std::string& out, std::string_view text, EscapeDigits digits) {
  out.push_back('"');
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool surrogate = c == 0xed && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xa0;
    if (c >= 0x20 && c != '"' && c != '\\' && !surrogate) continue;
    out.append(text, run, i - run);
    run = i + 1;
    if (surrogate) {
      print_surrogate_to(out, text.substr(i, 3), digits_of(digits));
      i += 2;
      run = i + 1;
      continue;
    }
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out.push_back(digits_of(digits)[c >> 4]);
        out.push_back(digits_of(digits)[c & 15]);
    }
  }
  out.append(text, run);
  out.push_back('"');
}

void print_to(std::string& out, const Value& value) { print_any(out, value, false, 0); }

std::string print(const Value& value) {
  std::string out;
  print_any(out, value, false, 0);
  return out;
}

std::string print_pretty(const Value& value) {
  std::string out;
  print_any(out, value, true, 0);
  return out;
}

}  // namespace escapement::json
