#include <algorithm>

#include <fmt/format.h>

#include "base/codec.h"
#include "json/parse.h"
#include "query/intrinsics/node.h"

namespace escapement::intrinsics {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t kTextBytesMax = 32 * 1024;
constexpr int kCallDepthMax = 10;

constexpr std::size_t kMany = 1'000;

constexpr FunctionInfo kFunctions[] = {
    {"States.Format", Function::format, 1, kMany},
    {"States.StringToJson", Function::string_to_json, 1, 1},
    {"States.JsonToString", Function::json_to_string, 1, 1},
    {"States.Array", Function::array, 0, kMany},
    {"States.ArrayPartition", Function::array_partition, 2, 2},
    {"States.ArrayContains", Function::array_contains, 2, 2},
    {"States.ArrayRange", Function::array_range, 3, 3},
    {"States.ArrayGetItem", Function::array_get_item, 2, 2},
    {"States.ArrayLength", Function::array_length, 1, 1},
    {"States.ArrayUnique", Function::array_unique, 1, 1},
    {"States.Base64Encode", Function::base64_encode, 1, 1},
    {"States.Base64Decode", Function::base64_decode, 1, 1},
    {"States.Hash", Function::hash, 2, 2},
    {"States.JsonMerge", Function::json_merge, 3, 3},
    {"States.MathRandom", Function::math_random, 2, 3},
    {"States.MathAdd", Function::math_add, 2, 2},
    {"States.StringSplit", Function::string_split, 2, 2},
    {"States.UUID", Function::uuid, 0, 0},
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-' || c == '+';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> parse() {
    if (text_.size() > kTextBytesMax) return fail("the call is longer than 32 KiB");
    if (!base::is_valid_utf8(text_)) return fail("the call is not UTF-8");
    skip_blanks();
    ESC_TRY(Node node, parse_argument(0));
    if (node.kind != Node::Kind::call) return fail("a call of an intrinsic function is missing");
    skip_blanks();
    if (at_ != text_.size()) return fail("something follows the call");
    return node;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  void skip_blanks() {
    while (!done() && is_blank(text_[at_])) ++at_;
  }
  Error fail(std::string_view what) const {
    return base::make_error(ErrorCode::invalid, fmt::format("{} at position {}", what, at_));
  }

  Result<Node> parse_argument(int depth) {
    if (peek() == '\'') return parse_text();
    if (peek() == '$') return parse_path();
    const std::size_t start = at_;
    while (!done() && is_word(peek())) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    skip_blanks();
    if (peek() == '(') return parse_call(word, depth);
    Node node;
    auto literal = json::parse(word);
    if (!literal) return fail("a text in single quotes, a number, true, false, null, a path or a call is missing");
    node.literal = std::move(*literal);
    return node;
  }

  Result<Node> parse_call(std::string_view name, int depth) {
    if (depth >= kCallDepthMax) return fail("calls are nested more than ten deep");
    Node node;
    node.kind = Node::Kind::call;
    node.function = find_function(name);
    if (node.function == nullptr) return fail(fmt::format("there is no intrinsic function {}", name));
    ++at_;
    skip_blanks();
    if (peek() == ')') {
      ++at_;
      return check_count(std::move(node));
    }
    while (true) {
      ESC_TRY(Node argument, parse_argument(depth + 1));
      node.arguments.push_back(std::move(argument));
      skip_blanks();
      if (done()) return fail("')' is missing");
      const char c = text_[at_++];
      if (c == ')') return check_count(std::move(node));
      if (c != ',') return fail("',' or ')' is missing");
      skip_blanks();
    }
  }

  Result<Node> check_count(Node node) const {
    const FunctionInfo& info = *node.function;
    if (node.arguments.size() < info.arguments_min || node.arguments.size() > info.arguments_max) {
      return fail(fmt::format("{} does not take {} arguments", info.name, node.arguments.size()));
    }
    return node;
  }

  // Only what has a meaning of its own may follow a backslash: ' { } and the backslash.
  Result<Node> parse_text() {
    ++at_;
    Node node;
    std::string text;
    while (true) {
      if (done()) return fail("the text is not closed");
      const char c = text_[at_++];
      if (c == '\'') break;
      node.raw.push_back(c);
      if (c == '\\') {
        const char escaped = peek();
        if (done() || (escaped != '\'' && escaped != '{' && escaped != '}' && escaped != '\\'))
          return fail("no such escape");
        node.raw.push_back(escaped);
        text.push_back(escaped);
        ++at_;
        continue;
      }
      text.push_back(c);
    }
    node.literal = json::Value(std::move(text));
    return node;
  }

  // A path ends at a comma, blank or closing parenthesis that is not inside its brackets or quotes.
  Result<Node> parse_path() {
    const std::size_t start = at_;
    int brackets = 0;
    int parentheses = 0;
    char quote = '\0';
    for (; !done(); ++at_) {
      const char c = text_[at_];
      if (quote != '\0') {
        if (c == '\\')
          ++at_;
        else if (c == quote)
          quote = '\0';
        continue;
      }
      if (brackets > 0 && (c == '\'' || c == '"'))
        quote = c;
      else if (c == '[')
        ++brackets;
      else if (c == ']')
        --brackets;
      else if (brackets == 0 && c == '(')
        ++parentheses;
      else if (brackets == 0 && parentheses > 0 && c == ')')
        --parentheses;
      else if (brackets == 0 && parentheses == 0 && (c == ',' || c == ')' || is_blank(c)))
        break;
    }
    at_ = std::min(at_, text_.size());
    Node node;
    node.kind = Node::Kind::path;
    ESC_TRY(jsonpath::Path path, jsonpath::Path::compile(text_.substr(start, at_ - start)));
    node.path = std::move(path);
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const FunctionInfo* find_function(std::string_view name) {
  const auto* info =
      std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const auto& f) { return f.name == name; });
  return info == std::end(kFunctions) ? nullptr : info;
}

Result<Expression> Expression::compile(std::string_view text) {
  ESC_TRY(Node root, Parser(text).parse());
  return Expression(std::make_shared<const Node>(std::move(root)), std::string(text));
}

}  // namespace escapement::intrinsics
