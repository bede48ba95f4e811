#include "query/jsonata/lexer.h"

#include <cmath>

#include "query/jsonata/failure.h"
#include "query/jsonata/text.h"

namespace escapement::query::jsonata {
namespace {

constexpr std::string_view kPairs[] = {"..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??"};
constexpr std::string_view kSymbols = ".[]{}(),@#;:?+-*/%|=<>^&!~";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v'; }
bool is_symbol(char c) { return kSymbols.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
std::uint32_t offset(std::size_t at) { return static_cast<std::uint32_t>(at); }

}  // namespace

Token Lexer::token(TokenType type, std::string text) {
  Token token;
  token.type = type;
  token.at = offset(at_);
  token.text = std::move(text);
  return token;
}

void Lexer::skip_space_and_comments() {
  for (;;) {
    while (!at_end() && is_space(source_[at_])) ++at_;
    if (peek() != '/' || peek(1) != '*' || at_end()) return;
    const std::size_t close = source_.find("*/", at_ + 2);
    if (close == std::string_view::npos) throw Failure::at("S0106", offset(at_));
    at_ = close + 2;
  }
}

Token Lexer::next(bool operator_expected) {
  skip_space_and_comments();
  if (at_end()) return token(TokenType::end, "(end)");
  const char c = source_[at_];
  if (c == '/' && !operator_expected) return regex();
  const std::string_view two = source_.substr(at_, 2);
  for (const std::string_view pair : kPairs) {
    if (two == pair) {
      at_ += 2;
      return token(TokenType::symbol, std::string(pair));
    }
  }
  if (is_symbol(c)) {
    ++at_;
    return token(TokenType::symbol, std::string(1, c));
  }
  if (c == '"' || c == '\'') return string(c);
  Token literal;
  if (is_digit(c) && number(literal)) return literal;
  if (c == '`') return quoted_name();
  return word();
}

Token Lexer::string(char quote) {
  ++at_;
  std::string text;
  for (;;) {
    const std::size_t run = at_;
    while (!at_end() && source_[at_] != quote && source_[at_] != '\\') ++at_;
    append_text(text, source_.substr(run, at_ - run));
    if (at_end()) throw Failure::at("S0101", offset(at_));
    if (source_[at_++] == quote) return token(TokenType::string, std::move(text));
    escape(text);
  }
}

// Behind the backslash.
void Lexer::escape(std::string& out) {
  if (at_end()) {
    Failure failure = Failure::at("S0103", offset(at_));
    failure.token = json::Value("");
    throw failure;
  }
  const char c = source_[at_];
  switch (c) {
    case '"':
      out.push_back('"');
      break;
    case '\\':
      out.push_back('\\');
      break;
    case '/':
      out.push_back('/');
      break;
    case 'b':
      out.push_back('\b');
      break;
    case 'f':
      out.push_back('\f');
      break;
    case 'n':
      out.push_back('\n');
      break;
    case 'r':
      out.push_back('\r');
      break;
    case 't':
      out.push_back('\t');
      break;
    case 'u': {
      char32_t unit = 0;
      for (std::size_t i = 1; i <= 4; ++i) {
        const int digit = hex_digit(peek(i));
        if (digit < 0) throw Failure::at("S0104", offset(at_));
        unit = unit * 16 + static_cast<char32_t>(digit);
      }
      append_code_point(out, unit);
      at_ += 4;
      break;
    }
    default: {
      std::size_t behind = at_;
      next_code_point(source_, behind);
      Failure failure = Failure::at("S0103", offset(at_));
      failure.token = json::Value(source_.substr(at_, behind - at_));
      throw failure;
    }
  }
  ++at_;
}

bool Lexer::number(Token& out) {
  std::size_t end = at_;
  if (source_[end] == '0') {
    ++end;
  } else {
    while (end < source_.size() && is_digit(source_[end])) ++end;
  }
  const auto digits_at = [&](std::size_t at) { return at < source_.size() && is_digit(source_[at]); };
  if (end < source_.size() && source_[end] == '.' && digits_at(end + 1)) {
    ++end;
    while (digits_at(end)) ++end;
  }
  if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
    if (digits_at(exponent)) {
      end = exponent;
      while (digits_at(end)) ++end;
    }
  }
  const std::string_view text = source_.substr(at_, end - at_);
  const double value = parse_number(text);
  if (!std::isfinite(value)) {
    Failure failure = Failure::at("S0102", offset(at_));
    failure.token = json::Value(text);
    throw failure;
  }
  at_ = end;
  out = token(TokenType::number, std::string(text));
  out.number = value;
  return true;
}

Token Lexer::quoted_name() {
  ++at_;
  const std::size_t close = source_.find('`', at_);
  if (close == std::string_view::npos) throw Failure::at("S0105", offset(source_.size()));
  std::string name(source_.substr(at_, close - at_));
  at_ = close + 1;
  return token(TokenType::name, std::move(name));
}

Token Lexer::word() {
  const std::size_t start = at_;
  while (!at_end() && !is_space(source_[at_]) && !is_symbol(source_[at_])) ++at_;
  const std::string_view text = source_.substr(start, at_ - start);
  if (text.starts_with('$')) return token(TokenType::variable, std::string(text.substr(1)));
  if (text == "or" || text == "in" || text == "and") return token(TokenType::symbol, std::string(text));
  if (text == "true" || text == "false" || text == "null") return token(TokenType::constant, std::string(text));
  return token(TokenType::name, std::string(text));
}

// At the opening slash. The end is the first slash that is neither escaped nor within brackets.
Token Lexer::regex() {
  const std::size_t start = ++at_;
  int depth = 0;
  std::size_t backslashes = 0;  // just before at_
  for (; !at_end(); ++at_) {
    const char c = source_[at_];
    if (c == '/' && depth == 0 && backslashes % 2 == 0) break;
    if ((c == '(' || c == '[' || c == '{') && backslashes == 0) ++depth;
    if ((c == ')' || c == ']' || c == '}') && backslashes == 0) --depth;
    backslashes = c == '\\' ? backslashes + 1 : 0;
  }
  if (at_end()) throw Failure::at("S0302", offset(at_));
  const std::string_view pattern = source_.substr(start, at_ - start);
  if (pattern.empty()) throw Failure::at("S0301", offset(at_));
  ++at_;
  Regex::Flags flags;
  for (; peek() == 'i' || peek() == 'm'; ++at_) (peek() == 'i' ? flags.ignore_case : flags.multiline) = true;
  Token result = token(TokenType::regex, std::string(pattern));
  result.regex = Regex::compile(pattern, flags, offset(start));
  return result;
}

}  // namespace escapement::query::jsonata
