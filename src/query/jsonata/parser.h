// The grammar of JSONata, by top-down operator precedence (V. Pratt, POPL 1973): text to the tree of operators that
// `resolve` turns into a Program.
#pragma once

#include "query/jsonata/lexer.h"
#include "query/jsonata/syntax.h"

namespace escapement::query::jsonata {

class Parser {
 public:
  // Nodes go into `program`, whose source is the text.
  explicit Parser(Program& program) : program_(program), lexer_(program.source) {}

  // The whole text as one expression. Throws Failure.
  Node* parse();

 private:
  Node* expression(int right_power);
  void advance(bool operator_expected);
  void expect(std::string_view symbol, bool operator_expected);
  int left_power() const;

  Node* prefix(const Token& token);
  Node* infix(const Token& token, Node* left);
  Node* literal(const Token& token);
  Node* block(const Token& token);
  Node* array(const Token& token);
  void pairs(Node* node);
  Node* transform(const Token& token);
  Node* binary(const Token& token, Operator op, int power, Node* left);
  Node* sides(const Token& token, NodeType type, int power, Node* left);
  Node* call(const Token& token, Node* left);
  void lambda(Node* node);
  Node* predicate(const Token& token, Node* left);
  Node* order_by(const Token& token, Node* left);
  Node* variable_binding(const Token& token, NodeType type, Node* left);
  Node* bind(const Token& token, Node* left);
  Node* condition(const Token& token, Node* left);

  Program& program_;
  Lexer lexer_;
  Token token_;  // the next one, not yet consumed
};

}  // namespace escapement::query::jsonata
