#include "query/jsonata/parser.h"

#include <algorithm>
#include <optional>

#include "query/jsonata/failure.h"
#include "query/jsonata/signature.h"
#include "query/jsonata/stack.h"

namespace escapement::query::jsonata {
namespace {

struct Power {
  std::string_view symbol;
  int power;
};
// How tightly each symbol binds to the expression before it; what is not listed ends the expression.
constexpr Power kPowers[] = {
    {"@", 80},  {"#", 80},  {"(", 80},  {"[", 80},  {".", 75},  {"{", 70},   {"*", 60},  {"/", 60},  {"%", 60},
    {"+", 50},  {"-", 50},  {"&", 50},  {"=", 40},  {"<", 40},  {">", 40},   {"^", 40},  {"!=", 40}, {"<=", 40},
    {">=", 40}, {"~>", 40}, {"?:", 40}, {"??", 40}, {"in", 40}, {"and", 30}, {"or", 25}, {"?", 20},  {":=", 10},
};
constexpr int kUnaryPower = 70;

constexpr std::pair<std::string_view, Operator> kOperators[] = {
    {"+", Operator::add},
    {"-", Operator::subtract},
    {"*", Operator::multiply},
    {"/", Operator::divide},
    {"%", Operator::remainder},
    {"=", Operator::equal},
    {"!=", Operator::unequal},
    {"<", Operator::less},
    {"<=", Operator::less_equal},
    {">", Operator::greater},
    {">=", Operator::greater_equal},
    {"&", Operator::concatenate},
    {"..", Operator::range},
    {"in", Operator::in},
};

std::optional<Operator> operator_of(std::string_view symbol) {
  for (const auto& [text, op] : kOperators) {
    if (text == symbol) return op;
  }
  return std::nullopt;
}

json::Value token_value(const Token& token) {
  switch (token.type) {
    case TokenType::number:
      return json::Value(token.number);
    case TokenType::constant:
      if (token.text == "null") return {};
      return json::Value(token.text == "true");
    default:
      return json::Value(token.text);
  }
}

[[noreturn]] void fail_at_token(std::string_view code, const Token& token) {
  Failure failure = Failure::at(code, token.at);
  failure.token = token_value(token);
  throw failure;
}

bool is_lambda_keyword(const Node& node) {
  return node.type == NodeType::name && (node.text == "function" || node.text == "\xce\xbb");
}

}  // namespace

std::string_view operator_text(Operator op) {
  for (const auto& [text, known] : kOperators) {
    if (known == op) return text;
  }
  return {};
}

Node* Parser::parse() {
  advance(false);
  Node* node = expression(0);
  if (token_.type != TokenType::end) fail_at_token("S0201", token_);
  return node;
}

void Parser::advance(bool operator_expected) {
  token_ = lexer_.next(operator_expected);
  if (token_.type == TokenType::symbol && (token_.text == "!" || token_.text == "~")) fail_at_token("S0204", token_);
}

void Parser::expect(std::string_view symbol, bool operator_expected) {
  if (!token_.is(symbol)) {
    Failure failure = Failure::at(token_.type == TokenType::end ? "S0203" : "S0202", token_.at);
    failure.token = token_value(token_);
    failure.value = json::Value(symbol);
    throw failure;
  }
  advance(operator_expected);
}

int Parser::left_power() const {
  if (token_.type != TokenType::symbol) return 0;
  for (const Power& power : kPowers) {
    if (power.symbol == token_.text) return power.power;
  }
  return 0;
}

Node* Parser::expression(int right_power) {
  check_stack();
  Token token = std::move(token_);
  advance(true);
  Node* left = prefix(token);
  while (right_power < left_power()) {
    token = std::move(token_);
    advance(false);
    left = infix(token, left);
  }
  return left;
}

Node* Parser::prefix(const Token& token) {
  if (token.type != TokenType::symbol) return literal(token);
  if (token.text == "and" || token.text == "or" || token.text == "in") {
    Node* node = program_.make(NodeType::word, token.at);
    node->text = token.text;
    return node;
  }
  if (token.is("-")) {
    Node* node = program_.make(NodeType::negate, token.at);
    node->rhs = expression(kUnaryPower);
    return node;
  }
  if (token.is("*")) return program_.make(NodeType::wildcard, token.at);
  if (token.is("**")) return program_.make(NodeType::descendants, token.at);
  if (token.is("%")) return program_.make(NodeType::parent, token.at);
  if (token.is("(")) return block(token);
  if (token.is("[")) return array(token);
  if (token.is("|")) return transform(token);
  if (token.is("{")) {
    Node* node = program_.make(NodeType::object, token.at);
    pairs(node);
    return node;
  }
  fail_at_token("S0211", token);
}

Node* Parser::literal(const Token& token) {
  Node* node = program_.make(NodeType::literal, token.at);
  node->text = token.text;
  switch (token.type) {
    case TokenType::name:
      node->type = NodeType::name;
      break;
    case TokenType::variable:
      node->type = NodeType::variable;
      break;
    case TokenType::end:
      node->type = NodeType::end;
      break;
    case TokenType::string:
      node->literal = Value::of(std::string_view(node->text));
      break;
    case TokenType::number:
      node->literal = Value::of(token.number);
      break;
    case TokenType::constant:
      node->literal = token.text == "null" ? Value::null() : Value::of(token.text == "true");
      break;
    case TokenType::regex:
      node->type = NodeType::regex;
      node->more().regex = token.regex;
      break;
    case TokenType::symbol:
      break;
  }
  return node;
}

Node* Parser::block(const Token& token) {
  Node* node = program_.make(NodeType::block, token.at);
  while (!token_.is(")")) {
    node->list.push_back(expression(0));
    if (!token_.is(";")) break;
    advance(false);
  }
  expect(")", true);
  return node;
}

Node* Parser::array(const Token& token) {
  Node* node = program_.make(NodeType::array, token.at);
  if (!token_.is("]")) {
    for (;;) {
      Node* item = expression(0);
      if (token_.is("..")) {
        Node* range = program_.make(NodeType::binary, token_.at);
        range->op = Operator::range;
        range->lhs = item;
        advance(false);
        range->rhs = expression(0);
        item = range;
      }
      node->list.push_back(item);
      if (!token_.is(",")) break;
      advance(false);
    }
  }
  expect("]", true);
  return node;
}

// Behind the opening brace.
void Parser::pairs(Node* node) {
  if (!token_.is("}")) {
    for (;;) {
      Node* key = expression(0);
      expect(":", false);
      Node* value = expression(0);
      node->pairs.emplace_back(key, value);
      if (!token_.is(",")) break;
      advance(false);
    }
  }
  expect("}", true);
}

Node* Parser::transform(const Token& token) {
  Node* node = program_.make(NodeType::transform, token.at);
  node->lhs = expression(0);
  expect("|", false);
  node->rhs = expression(0);
  if (token_.is(",")) {
    advance(false);
    node->third = expression(0);
  }
  expect("|", true);
  return node;
}

Node* Parser::infix(const Token& token, Node* left) {
  const std::string_view symbol = token.text;
  if (symbol == ".") return sides(token, NodeType::dot, 75, left);
  if (symbol == "[") return predicate(token, left);
  if (symbol == "(") return call(token, left);
  if (symbol == "^") return order_by(token, left);
  if (symbol == "@") return variable_binding(token, NodeType::focus, left);
  if (symbol == "#") return variable_binding(token, NodeType::position, left);
  if (symbol == ":=") return bind(token, left);
  if (symbol == "?") return condition(token, left);
  if (symbol == "?:") return sides(token, NodeType::elvis, 0, left);
  if (symbol == "??") return sides(token, NodeType::coalesce, 0, left);
  if (symbol == "~>") return sides(token, NodeType::apply, 40, left);
  if (symbol == "and") return sides(token, NodeType::both, 30, left);
  if (symbol == "or") return sides(token, NodeType::either, 25, left);
  if (symbol == "{") {
    Node* node = program_.make(NodeType::grouping, token.at);
    node->lhs = left;
    pairs(node);
    return node;
  }
  const auto power =
      std::find_if(std::begin(kPowers), std::end(kPowers), [&](const Power& p) { return p.symbol == symbol; });
  Node* node = sides(token, NodeType::binary, power->power, left);
  node->op = *operator_of(symbol);
  return node;
}

Node* Parser::sides(const Token& token, NodeType type, int power, Node* left) {
  Node* node = program_.make(type, token.at);
  node->text = token.text;
  node->lhs = left;
  node->rhs = expression(power);
  return node;
}

Node* Parser::call(const Token& token, Node* left) {
  Node* node = program_.make(NodeType::call, token.at);
  node->lhs = left;
  if (!token_.is(")")) {
    for (;;) {
      if (token_.is("?")) {
        node->type = NodeType::partial;
        node->list.push_back(program_.make(NodeType::placeholder, token_.at));
        advance(false);
      } else {
        node->list.push_back(expression(0));
      }
      if (!token_.is(",")) break;
      advance(false);
    }
  }
  expect(")", true);
  if (is_lambda_keyword(*left)) lambda(node);
  return node;
}

// Behind the parameters.
void Parser::lambda(Node* node) {
  for (std::size_t i = 0; i < node->list.size(); ++i) {
    const Node& parameter = *node->list[i];
    if (parameter.type == NodeType::variable) continue;
    Failure failure = Failure::at("S0208", parameter.at);
    failure.token = json::Value(parameter.type == NodeType::placeholder ? "?" : parameter.text);
    failure.value = json::Value(static_cast<std::int64_t>(i + 1));
    throw failure;
  }
  node->type = NodeType::lambda;
  node->lhs = nullptr;
  if (token_.is("<")) {
    const std::uint32_t at = token_.at;
    std::string signature = "<";
    for (int depth = 1; depth > 0 && !token_.is("{") && token_.type != TokenType::end;) {
      advance(false);
      if (token_.is(">")) --depth;
      if (token_.is("<")) ++depth;
      signature += token_.text;
    }
    expect(">", false);
    node->more().signature = std::make_shared<const Signature>(signature, at);
  }
  expect("{", false);
  node->rhs = expression(0);
  expect("}", true);
}

Node* Parser::predicate(const Token& token, Node* left) {
  if (token_.is("]")) {
    Node* step = left;
    while (step->type == NodeType::predicate) step = step->lhs;
    step->keep_array = true;
    advance(true);
    return left;
  }
  Node* node = program_.make(NodeType::predicate, token.at);
  node->lhs = left;
  node->rhs = expression(0);
  expect("]", true);
  return node;
}

Node* Parser::order_by(const Token& token, Node* left) {
  Node* node = program_.make(NodeType::order_by, token.at);
  node->lhs = left;
  expect("(", false);
  auto& terms = node->more().terms;
  for (;;) {
    SortTerm term;
    if (token_.is("<")) {
      advance(false);
    } else if (token_.is(">")) {
      term.descending = true;
      advance(false);
    }
    term.expression = expression(0);
    terms.push_back(term);
    if (!token_.is(",")) break;
    advance(false);
  }
  expect(")", true);
  return node;
}

Node* Parser::variable_binding(const Token& token, NodeType type, Node* left) {
  Node* node = program_.make(type, token.at);
  node->lhs = left;
  const Node* variable = expression(80);
  if (variable->type != NodeType::variable) {
    Failure failure = Failure::at("S0214", variable->at);
    failure.token = json::Value(token.text);
    throw failure;
  }
  node->text = variable->text;
  return node;
}

Node* Parser::bind(const Token& token, Node* left) {
  if (left->type != NodeType::variable) {
    Failure failure = Failure::at("S0212", left->at);
    failure.token = json::Value(left->text);
    throw failure;
  }
  Node* node = program_.make(NodeType::bind, token.at);
  node->text = left->text;
  node->rhs = expression(9);
  return node;
}

Node* Parser::condition(const Token& token, Node* left) {
  Node* node = program_.make(NodeType::condition, token.at);
  node->lhs = left;
  node->rhs = expression(0);
  if (token_.is(":")) {
    advance(false);
    node->has_else = true;
    node->third = expression(0);
  }
  return node;
}

}  // namespace escapement::query::jsonata
