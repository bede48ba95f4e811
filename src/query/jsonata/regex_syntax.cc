#include "query/jsonata/regex_syntax.h"

#include <cstdio>

#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::string_view kNothing =
    "(?!)";  // matches nowhere: a lone surrogate, which no text of whole characters holds
constexpr std::string_view kSpecial = "\\^$.|?*+()[]{}/-#&~";

constexpr std::size_t kGroupsMax = 65'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) { count_groups(); }

  std::expected<std::string, std::string> run() {
    while (at_ < pattern_.size() && error_.empty()) atom();
    if (!error_.empty()) return std::unexpected(std::move(error_));
    return std::move(out_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0'; }

  // How many groups there are decides what `\1` and `\k` mean.
  void count_groups() {
    bool in_class = false;
    for (std::size_t i = 0; i < pattern_.size(); ++i) {
      const char c = pattern_[i];
      if (c == '\\') {
        ++i;
      } else if (c == '[') {
        in_class = true;
      } else if (c == ']') {
        in_class = false;
      } else if (c == '(' && !in_class) {
        const std::string_view next = pattern_.substr(i + 1, 3);
        const bool named = next.starts_with("?<") && next.size() == 3 && next[2] != '=' && next[2] != '!';
        if (named) has_names_ = true;
        if (named || !next.starts_with('?')) ++groups_;
      }
    }
  }

  void atom() {
    const char c = pattern_[at_];
    switch (c) {
      case '\\':
        escape(false);
        break;
      case '[':
        character_class();
        break;
      case '(':
        group();
        return;
      default:
        out_.push_back(pattern_[at_++]);
        break;
    }
    refuse_possessive(c);
  }

  // Behind a quantifier, `+` would make it possessive in PCRE2; JavaScript has nothing to repeat there.
  void refuse_possessive(char c) {
    const bool quantifier = c == '*' || c == '+' || c == '?' || c == '}';
    if (!quantifier) return;
    if (peek() == '?') {
      out_.push_back(pattern_[at_++]);
      if (peek() == '+' || peek() == '*' || peek() == '?') error_ = "Nothing to repeat";
      return;
    }
    if (peek() == '+' && (c != '}' || closes_quantifier())) error_ = "Nothing to repeat";
  }

  // Whether the `}` just copied ends a `{n}`, `{n,}` or `{n,m}`.
  bool closes_quantifier() const {
    std::size_t at = at_ - 1;
    bool digits = false;
    while (at > 0 && (is_digit(pattern_[at - 1]) || pattern_[at - 1] == ',')) {
      digits = digits || is_digit(pattern_[at - 1]);
      --at;
    }
    return digits && at > 0 && pattern_[at - 1] == '{';
  }

  void group() {
    if (peek(1) == '*') {
      error_ = "Nothing to repeat";
      return;
    }
    if (peek(1) != '?') {
      out_.push_back('(');
      ++at_;
      return;
    }
    const char kind = peek(2);
    const bool lookbehind = kind == '<' && (peek(3) == '=' || peek(3) == '!');
    const bool named = kind == '<' && (is_letter(peek(3)) || peek(3) == '_');
    if (kind != ':' && kind != '=' && kind != '!' && !lookbehind && !named) {
      error_ = "Invalid group";
      return;
    }
    const std::size_t length = lookbehind ? 4 : 3;
    out_.append(pattern_.substr(at_, length));
    at_ += length;
  }

  void character_class() {
    out_.push_back('[');
    ++at_;
    if (peek() == '^') out_.push_back(pattern_[at_++]);
    const auto is_set = [&](std::size_t at) {  // \d, \w, \s and their opposites
      return at + 1 < pattern_.size() && pattern_[at] == '\\' &&
             std::string_view("dDwWsS").find(pattern_[at + 1]) != std::string_view::npos;
    };
    bool behind_set = false;
    while (at_ < pattern_.size() && pattern_[at_] != ']' && error_.empty()) {
      const bool set = is_set(at_);
      if (pattern_[at_] == '\\') {
        escape(true);
      } else if (pattern_[at_] == '-' && (behind_set || is_set(at_ + 1))) {
        out_ += "\\-";  // no range has a set at its end
        ++at_;
      } else if (pattern_[at_] == '[') {
        out_ += "\\[";
        ++at_;
      } else {
        out_.push_back(pattern_[at_++]);
      }
      behind_set = set;
    }
    if (at_ >= pattern_.size()) {
      error_ = "Unterminated character class";
      return;
    }
    out_.push_back(']');
    ++at_;
  }

  void code_point(char32_t value, bool in_class) {
    if (value >= 0xd800 && value < 0xe000) {
      if (!in_class) out_ += kNothing;
      return;
    }
    char text[16];
    std::snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(value));
    out_ += text;
  }

  // Reads `digits` hexadecimal digits at `at`; false: they are not all there.
  bool read_hex(std::size_t at, int digits, char32_t& value) const {
    value = 0;
    for (int i = 0; i < digits; ++i, ++at) {
      const int digit = at < pattern_.size() ? hex_digit(pattern_[at]) : -1;
      if (digit < 0) return false;
      value = value * 16 + static_cast<char32_t>(digit);
    }
    return true;
  }

  void escape(bool in_class) {
    if (at_ + 1 >= pattern_.size()) {
      error_ = "\\ at end of pattern";
      return;
    }
    const char c = pattern_[at_ + 1];
    char32_t value = 0;
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 's':
      case 'S':
      case 't':
      case 'n':
      case 'r':
      case 'f':
        copy_escape();
        return;
      case 'v':
        code_point(0x0b, in_class);
        at_ += 2;
        return;
      case 'b':
        if (in_class) {
          code_point(0x08, true);
          at_ += 2;
        } else {
          copy_escape();
        }
        return;
      case 'B':
        if (in_class)
          literal();
        else
          copy_escape();
        return;
      case 'x':
        if (read_hex(at_ + 2, 2, value)) {
          code_point(value, in_class);
          at_ += 4;
        } else {
          literal();
        }
        return;
      case 'u':
        unicode_escape(in_class);
        return;
      case 'c':
        if (is_letter(peek(2))) {
          code_point(static_cast<char32_t>(peek(2)) & 31, in_class);
          at_ += 3;
        } else {
          out_ += "\\\\";
          ++at_;
        }
        return;
      case 'k':
        named_reference(in_class);
        return;
      case '0':
        numbered(in_class);
        return;
      default:
        break;
    }
    if (is_digit(c)) {
      numbered(in_class);
      return;
    }
    literal();
  }

  // A reference where there is such a group; else an octal code, or the digit itself.
  void numbered(bool in_class) {
    std::size_t number = 0;
    std::size_t end = at_ + 1;
    while (end < pattern_.size() && is_digit(pattern_[end]) && number < kGroupsMax) {
      number = number * 10 + static_cast<std::size_t>(pattern_[end++] - '0');
    }
    if (!in_class && number > 0 && number <= groups_) {
      out_ += "\\g{" + std::to_string(number) + "}";
      at_ = end;
      return;
    }
    if (peek(1) > '7') {
      literal();
      return;
    }
    char32_t code = 0;
    for (++at_; at_ < pattern_.size() && pattern_[at_] >= '0' && pattern_[at_] <= '7' && code * 8 < 256; ++at_) {
      code = code * 8 + static_cast<char32_t>(pattern_[at_] - '0');
    }
    code_point(code, in_class);
  }

  void copy_escape() {
    out_.append(pattern_.substr(at_, 2));
    at_ += 2;
  }

  // The character behind the backslash, as itself.
  void literal() {
    ++at_;
    const std::size_t start = at_;
    next_code_point(pattern_, at_);
    const std::string_view character = pattern_.substr(start, at_ - start);
    if (character.size() == 1 && kSpecial.find(character[0]) != std::string_view::npos) out_.push_back('\\');
    out_.append(character);
  }

  void unicode_escape(bool in_class) {
    char32_t unit = 0;
    if (!read_hex(at_ + 2, 4, unit)) {
      literal();
      return;
    }
    at_ += 6;
    char32_t low = 0;
    if (unit >= 0xd800 && unit < 0xdc00 && peek() == '\\' && peek(1) == 'u' && read_hex(at_ + 2, 4, low) &&
        low >= 0xdc00 && low < 0xe000) {
      at_ += 6;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    code_point(unit, in_class);
  }

  void named_reference(bool in_class) {
    const std::size_t close = pattern_.find('>', at_);
    if (in_class || !has_names_ || peek(2) != '<' || close == std::string_view::npos) {
      literal();
      return;
    }
    out_.append(pattern_.substr(at_, close + 1 - at_));
    at_ = close + 1;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::size_t groups_ = 0;
  bool has_names_ = false;
  std::string out_;
  std::string error_;
};

}  // namespace

std::expected<std::string, std::string> translate_regex(std::string_view pattern) { return Translator(pattern).run(); }

}  // namespace escapement::query::jsonata
