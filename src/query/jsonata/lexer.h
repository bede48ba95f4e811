// The tokens of an expression.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "query/jsonata/regex.h"

namespace escapement::query::jsonata {

enum class TokenType : std::uint8_t { end, name, variable, symbol, string, number, constant, regex };

struct Token {
  TokenType type = TokenType::end;
  std::uint32_t at = 0;  // bytes into the text, after the token
  std::string text;      // of a symbol: as written; of a constant: "true", "false", "null"
  double number = 0;
  std::shared_ptr<const Regex> regex;  // shared: it goes into the tree, and from there into functions

  bool is(std::string_view symbol) const { return type == TokenType::symbol && text == symbol; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  // The next token. Where an operator is expected a `/` divides, elsewhere it begins a regular expression.
  // Throws Failure: S0101 to S0106, S0301, S0302, S0303.
  Token next(bool operator_expected);

 private:
  void skip_space_and_comments();
  bool at_end() const { return at_ >= source_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  Token token(TokenType type, std::string text);
  Token string(char quote);
  void escape(std::string& out);
  bool number(Token& out);
  Token quoted_name();
  Token word();
  Token regex();

  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace escapement::query::jsonata
