#include "json/parse.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/codec.h"

namespace escapement::json {
namespace {

using base::ErrorCode;

constexpr std::string_view kAnyValue = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_token_part(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80);
}

class Parser {
 public:
  Parser(std::string_view text, ParseLimits limits) : text_(text), limits_(limits) {}

  base::Result<Value> document() {
    Value value;
    skip_space();
    if (!parse_value(value, 0)) return std::move(error_);
    skip_space();
    if (at_ < text_.size()) {
      if (is_token_part(text_[at_])) {
        unrecognized_token();
      } else {
        fail(describe(text_[at_]) + ": was expecting end of the text");
      }
      return std::move(error_);
    }
    return value;
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool fail(std::string message) {
    std::size_t line = 1;
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        line_start = i + 1;
      }
    }
    message += fmt::format("\n at [Source: (String); line: {}, column: {}]", line, at_ - line_start + 1);
    error_ = base::make_error(ErrorCode::invalid, std::move(message));
    return false;
  }

  static std::string describe(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) return fmt::format("Unexpected character ((CTRL-CHAR, code {}))", byte);
    return fmt::format("Unexpected character ('{}' (code {}))", c, byte);
  }

  bool unexpected_end(std::string_view where) { return fail(fmt::format("Unexpected end-of-input{}", where)); }

  bool unrecognized_token() {
    std::size_t end = at_;
    while (end < text_.size() && is_token_part(text_[end]) && end - at_ < 256) ++end;
    const std::string token(text_.substr(at_, end - at_));
    at_ = end;
    return fail(fmt::format("Unrecognized token '{}': was expecting {}", token, kAnyValue));
  }

  bool parse_value(Value& out, std::size_t depth) {
    if (at_end()) return unexpected_end(depth == 0 ? ": no content" : "");
    const char c = text_[at_];
    switch (c) {
      case '{':
        return parse_object(out, depth);
      case '[':
        return parse_array(out, depth);
      case '"': {
        std::string text;
        if (!parse_string(text)) return false;
        out = Value(std::move(text));
        return true;
      }
      case 't':
        return parse_literal("true", Value(true), out);
      case 'f':
        return parse_literal("false", Value(false), out);
      case 'n':
        return parse_literal("null", Value(), out);
      default:
        break;
    }
    if (c == '-' || is_digit(c)) return parse_number(out);
    if (is_token_part(c)) return unrecognized_token();
    return fail(describe(c) + ": expected a valid value " + std::string(kAnyValue));
  }

  bool parse_literal(std::string_view word, Value value, Value& out) {
    if (text_.substr(at_, word.size()) != word) return unrecognized_token();
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && is_token_part(text_[end])) return unrecognized_token();
    at_ = end;
    out = std::move(value);
    return true;
  }

  bool parse_number(Value& out) {
    const std::size_t start = at_;
    if (text_[at_] == '-') ++at_;
    if (at_end()) return unexpected_end(" in a Number value");
    if (text_[at_] == '0') {
      ++at_;
      if (!at_end() && is_digit(text_[at_])) return fail("Invalid numeric value: Leading zeroes not allowed");
    } else if (is_digit(text_[at_])) {
      skip_digits();
    } else {
      return fail(describe(text_[at_]) +
                  " in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value");
    }
    bool is_real = false;
    if (!at_end() && text_[at_] == '.') {
      is_real = true;
      ++at_;
      if (!require_digits("Decimal point not followed by a digit")) return false;
    }
    if (!at_end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      is_real = true;
      ++at_;
      if (!at_end() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!require_digits("Exponent indicator not followed by a digit")) return false;
    }
    if (!at_end() && is_token_part(text_[at_])) {
      return fail(describe(text_[at_]) + ": Expected space separating root-level values");
    }
    const std::string_view digits = text_.substr(start, at_ - start);
    if (!is_real) {
      out = Value::integer_from_digits(digits);
      return true;
    }
    double real = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), real);
    if (parsed.ec == std::errc::result_out_of_range) real = std::strtod(std::string(digits).c_str(), nullptr);
    if (!std::isfinite(real)) return fail(fmt::format("Numeric value ({}) out of range", digits.substr(0, 64)));
    out = Value(real);
    return true;
  }

  void skip_digits() {
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }

  bool require_digits(std::string_view message) {
    if (at_end()) return unexpected_end(" in a Number value");
    if (!is_digit(text_[at_])) return fail(fmt::format("{} in numeric value: {}", describe(text_[at_]), message));
    skip_digits();
    return true;
  }

  bool parse_string(std::string& out) {
    ++at_;
    for (;;) {
      std::size_t end = at_;
      bool ascii = true;
      while (end < text_.size() && text_[end] != '"' && text_[end] != '\\' &&
             static_cast<unsigned char>(text_[end]) >= 0x20) {
        ascii = ascii && static_cast<unsigned char>(text_[end]) < 0x80;
        ++end;
      }
      const std::string_view run = text_.substr(at_, end - at_);
      if (!ascii && !base::is_valid_utf8(run)) return fail("Invalid UTF-8 in a String value");
      out.append(run);
      at_ = end;
      if (at_end()) return unexpected_end(" in a String value");
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') {
        return fail(
            fmt::format("Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be "
                        "included in string value",
                        static_cast<int>(text_[at_])));
      }
      if (!parse_escape(out)) return false;
    }
  }

  bool parse_escape(std::string& out) {
    ++at_;
    if (at_end()) return unexpected_end(" in a character escape sequence");
    const char c = text_[at_++];
    switch (c) {
      case '"':
        out.push_back('"');
        return true;
      case '\\':
        out.push_back('\\');
        return true;
      case '/':
        out.push_back('/');
        return true;
      case 'b':
        out.push_back('\b');
        return true;
      case 'f':
        out.push_back('\f');
        return true;
      case 'n':
        out.push_back('\n');
        return true;
      case 'r':
        out.push_back('\r');
        return true;
      case 't':
        out.push_back('\t');
        return true;
      case 'u':
        return parse_unicode_escape(out);
      default:
        --at_;
        return fail(fmt::format("Unrecognized character escape '{}' (code {})", c, static_cast<int>(c)));
    }
  }

  bool read_hex4(char32_t& unit) {
    if (text_.size() - at_ < 4) {
      at_ = text_.size();
      return unexpected_end(" in a character escape sequence");
    }
    unsigned value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, first + 4, value, 16);
    if (error != std::errc{} || end != first + 4)
      return fail(describe(*end) + ": expected a hex-digit for character escape sequence");
    at_ += 4;
    unit = value;
    return true;
  }

  // A lone surrogate becomes U+FFFD, since the Value holds valid UTF-8 only (but see ParseLimits).
  bool parse_unicode_escape(std::string& out) {
    char32_t unit = 0;
    if (!read_hex4(unit)) return false;
    if (unit >= 0xd800 && unit < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t back = at_;
      at_ += 2;
      char32_t low = 0;
      if (!read_hex4(low)) return false;
      if (low >= 0xdc00 && low < 0xe000) {
        base::append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return true;
      }
      at_ = back;
    }
    const bool is_lone = unit >= 0xd800 && unit < 0xe000;
    base::append_utf8(out, is_lone && !limits_.keep_lone_surrogates ? 0xfffd : unit);
    return true;
  }

  bool enter(std::size_t depth) {
    if (depth < limits_.depth_max) return true;
    return fail(
        fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({})", depth + 1, limits_.depth_max));
  }

  bool parse_array(Value& out, std::size_t depth) {
    if (!enter(depth)) return false;
    ++at_;
    std::vector<Value> items;
    skip_space();
    if (!at_end() && text_[at_] == ']') {
      ++at_;
      out = Value::array({});
      return true;
    }
    for (;;) {
      skip_space();
      if (at_end()) return unexpected_end(": expected close marker for Array");
      if (!parse_value(items.emplace_back(), depth + 1)) return false;
      skip_space();
      if (at_end()) return unexpected_end(": expected close marker for Array");
      const char c = text_[at_];
      if (c != ',' && c != ']') return fail(describe(c) + ": was expecting comma to separate Array entries");
      ++at_;
      if (c == ']') break;
    }
    out = Value::array(std::move(items));
    return true;
  }

  bool parse_object(Value& out, std::size_t depth) {
    if (!enter(depth)) return false;
    ++at_;
    std::vector<Member> members;
    skip_space();
    if (!at_end() && text_[at_] == '}') {
      ++at_;
      out = Value::object(std::vector<Member>{});
      return true;
    }
    for (;;) {
      skip_space();
      if (at_end()) return unexpected_end(": expected close marker for Object");
      if (text_[at_] != '"') return fail(describe(text_[at_]) + ": was expecting double-quote to start field name");
      Member& member = members.emplace_back();
      if (!parse_string(member.key)) return false;
      skip_space();
      if (at_end()) return unexpected_end(": expected close marker for Object");
      if (text_[at_] != ':')
        return fail(describe(text_[at_]) + ": was expecting a colon to separate field name and value");
      ++at_;
      skip_space();
      if (at_end()) return unexpected_end(" within/between Object entries");
      if (!parse_value(member.value, depth + 1)) return false;
      skip_space();
      if (at_end()) return unexpected_end(": expected close marker for Object");
      const char c = text_[at_];
      if (c != ',' && c != '}') return fail(describe(c) + ": was expecting comma to separate Object entries");
      ++at_;
      if (c == '}') break;
    }
    out = Value::object(std::move(members));
    return true;
  }

  std::string_view text_;
  ParseLimits limits_;
  std::size_t at_ = 0;
  base::Error error_;
};

}  // namespace

base::Result<Value> parse(std::string_view text, ParseLimits limits) { return Parser(text, limits).document(); }

}  // namespace escapement::json
