#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/codec.h"
#include "json/parse.h"
#include "query/jsonpath/compiled.h"

namespace escapement::jsonpath {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t kTextBytesMax = 32 * 1024;
constexpr std::size_t kStepsMax = 256;
constexpr int kFilterDepthMax = 32;
constexpr std::size_t kVariableNameMax = 80;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Letters of every script count: any byte of a multi-byte character does.
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<CompiledPath> parse() {
    if (text_.size() > kTextBytesMax) return fail("the path is longer than 32 KiB");
    if (text_.empty() || text_[0] != '$') return fail("a path begins with '$'");
    if (!base::is_valid_utf8(text_)) return fail("the path is not UTF-8");
    CompiledPath path;
    path.text = std::string(text_);
    at_ = 1;
    if (peek() == '$') {
      path.root = Root::context;
      ++at_;
    } else if (is_name_char(peek()) && !is_digit(peek())) {
      path.root = Root::variable;
      const std::size_t start = at_;
      while (is_name_char(peek())) ++at_;
      path.variable = std::string(text_.substr(start, at_ - start));
      if (path.variable.size() > kVariableNameMax) return fail("a variable's name has 80 characters at most");
    }
    ESC_TRY(path.steps, parse_steps(/*in_filter=*/false));
    if (at_ != text_.size()) return fail(fmt::format("unexpected '{}'", text_[at_]));
    path.definite = is_definite(path.steps);
    return path;
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool done() const { return at_ >= text_.size(); }
  void skip_blanks() {
    while (!done() && is_blank(text_[at_])) ++at_;
  }
  bool take(char c) {
    if (peek() != c || done()) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  Error fail(std::string what) const {
    return base::make_error(ErrorCode::invalid, fmt::format("{} at position {}", what, at_));
  }

  Result<Steps> parse_steps(bool in_filter) {
    Steps steps;
    while (!done()) {
      if (steps.size() >= kStepsMax) return fail("a path has 256 steps at most");
      if (peek() == '[') {
        ESC_TRY(Step step, parse_bracket());
        steps.push_back(std::move(step));
      } else if (peek() == '.') {
        ++at_;
        if (take('.')) {
          Step scan;
          scan.kind = Step::Kind::scan;
          steps.push_back(std::move(scan));
          if (peek() == '[') continue;
        }
        ESC_TRY(Step step, parse_dotted(in_filter));
        steps.push_back(std::move(step));
      } else {
        break;
      }
    }
    if (!steps.empty() && steps.back().kind == Step::Kind::scan) return fail("a path must not end with '..'");
    hoist_scanned_function(steps);
    return steps;
  }

  // `$..price.sum()` is the sum of what `$..price` finds, not of each price by itself.
  static void hoist_scanned_function(Steps& steps) {
    if (steps.size() < 2 || steps.back().kind != Step::Kind::function || steps.front().kind != Step::Kind::scan) return;
    Step function = std::move(steps.back());
    steps.pop_back();
    Argument scanned;
    scanned.value = std::move(steps);
    function.arguments.insert(function.arguments.begin(), std::move(scanned));
    steps.clear();
    steps.push_back(std::move(function));
  }

  static bool ends_name(char c, bool in_filter) {
    if (c == '.' || c == '[' || c == '(' || is_blank(c)) return true;
    return in_filter &&
           (c == ')' || c == ',' || c == ']' || c == '=' || c == '!' || c == '<' || c == '>' || c == '&' || c == '|');
  }

  Result<Step> parse_dotted(bool in_filter) {
    if (take('*')) {
      Step step;
      step.kind = Step::Kind::wildcard;
      return step;
    }
    const std::size_t start = at_;
    while (!done() && !ends_name(text_[at_], in_filter)) ++at_;
    if (at_ == start) return fail("a name is missing after '.'");
    std::string name(text_.substr(start, at_ - start));
    if (peek() == '(') return parse_function(name);
    if (!in_filter && !done() && is_blank(peek())) {
      return fail("use bracket notation, ['my prop'], for a name with blanks");
    }
    Step step;
    step.names.push_back(std::move(name));
    return step;
  }

  Result<Step> parse_function(const std::string& name) {
    struct Entry {
      std::string_view name;
      Function function;
    };
    static constexpr Entry kFunctions[] = {
        {"length", Function::length}, {"size", Function::size},     {"min", Function::min},
        {"max", Function::max},       {"avg", Function::avg},       {"sum", Function::sum},
        {"stddev", Function::stddev}, {"concat", Function::concat}, {"append", Function::append},
        {"keys", Function::keys},     {"first", Function::first},   {"last", Function::last},
        {"index", Function::index},
    };
    const auto* entry =
        std::find_if(std::begin(kFunctions), std::end(kFunctions), [&](const Entry& e) { return e.name == name; });
    if (entry == std::end(kFunctions)) return fail(fmt::format("function {}() is not known", name));
    if (++depth_ > kFilterDepthMax) return fail("functions are nested too deeply");
    Step step;
    step.kind = Step::Kind::function;
    step.function = entry->function;
    ++at_;
    skip_blanks();
    while (!take(')')) {
      if (done()) return fail("')' is missing");
      ESC_TRY(Argument argument, parse_argument());
      step.arguments.push_back(std::move(argument));
      skip_blanks();
      if (!take(',') && peek() != ')') return fail("',' or ')' is missing");
      skip_blanks();
    }
    --depth_;
    return step;
  }

  Result<Argument> parse_argument() {
    Argument argument;
    if (take('$')) {
      ESC_TRY(argument.value, parse_steps(/*in_filter=*/true));
      return argument;
    }
    ESC_TRY(argument.value, parse_literal());
    return argument;
  }

  Result<Step> parse_bracket() {
    ++at_;
    skip_blanks();
    Step step;
    if (take('*')) {
      step.kind = Step::Kind::wildcard;
    } else if (peek() == '?') {
      ESC_TRY(step, parse_filter_step());
    } else if (peek() == '\'' || peek() == '"') {
      ESC_CHECK(parse_names(step));
    } else {
      ESC_CHECK(parse_positions(step));
    }
    skip_blanks();
    if (!take(']')) return fail("']' is missing");
    return step;
  }

  Result<void> parse_names(Step& step) {
    do {
      skip_blanks();
      if (peek() != '\'' && peek() != '"') return fail("a quoted name is missing");
      ESC_TRY(std::string name, parse_quoted(/*name=*/true));
      step.names.push_back(std::move(name));
      skip_blanks();
    } while (take(','));
    step.kind = step.names.size() == 1 ? Step::Kind::property : Step::Kind::properties;
    return {};
  }

  // In a member's name a backslash escapes only the quote that would end it, and itself; before anything else it is a
  // character of the name, as Step Functions reads it. Literals in filters know the escapes of JSON.
  Result<std::string> parse_quoted(bool name) {
    const char quote = text_[at_++];
    std::string out;
    while (true) {
      if (done()) return fail("the quotation is not closed");
      const char c = text_[at_++];
      if (c == quote) return out;
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      if (done()) return fail("the quotation is not closed");
      if (!name) {
        ESC_CHECK(parse_escape(out));
        continue;
      }
      if (peek() != quote && peek() != '\\') out.push_back('\\');
      out.push_back(text_[at_++]);
    }
  }

  Result<void> parse_escape(std::string& out) {
    const char c = text_[at_++];
    switch (c) {
      case 'n':
        out.push_back('\n');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case 'b':
        out.push_back('\b');
        return {};
      case 'f':
        out.push_back('\f');
        return {};
      case 'u': {
        unsigned code = 0;
        const std::string_view digits = text_.substr(at_, 4);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (error != std::errc{} || end != digits.data() + 4) return fail("\\u needs four hexadecimal digits");
        at_ += 4;
        base::append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : static_cast<char32_t>(code));
        return {};
      }
      default:
        out.push_back(c);
        return {};
    }
  }

  Result<std::int64_t> parse_integer() {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error != std::errc{}) return fail("a number is missing");
    at_ = static_cast<std::size_t>(end - text_.data());
    if (number > INT32_MAX || number < INT32_MIN) return fail("the number is too large");
    return number;
  }

  // [0], [0,1], [1:3], [:2], [-2:]. A third part of a slice (its stride) is read and has no effect, as in Jayway.
  Result<void> parse_positions(Step& step) {
    bool slice = false;
    if (peek() != ':') {
      ESC_TRY(const std::int64_t first, parse_integer());
      step.indices.push_back(first);
      skip_blanks();
    }
    if (take(':')) {
      slice = true;
      if (!step.indices.empty()) step.from = step.indices[0];
      step.indices.clear();
      skip_blanks();
      if (peek() == '-' || is_digit(peek())) {
        ESC_TRY(step.to, parse_integer());
      }
      skip_blanks();
      if (take(':') && (peek() == '-' || is_digit(peek()))) ESC_CHECK(parse_integer());
    }
    while (!slice && take(',')) {
      skip_blanks();
      ESC_TRY(const std::int64_t next, parse_integer());
      step.indices.push_back(next);
      skip_blanks();
    }
    step.kind = slice ? Step::Kind::slice : step.indices.size() == 1 ? Step::Kind::index : Step::Kind::indices;
    return {};
  }

  Result<Step> parse_filter_step() {
    ++at_;
    skip_blanks();
    if (!take('(')) return fail("'(' is missing after '?'");
    Step step;
    step.kind = Step::Kind::filter;
    ESC_TRY(step.filter, parse_any());
    skip_blanks();
    if (!take(')')) return fail("')' is missing");
    return step;
  }

  using Node = std::shared_ptr<const FilterNode>;

  Result<Node> parse_any() {
    if (++depth_ > kFilterDepthMax) return fail("the filter is nested too deeply");
    ESC_TRY(Node node, parse_list("||", FilterNode::Kind::any_of));
    --depth_;
    return node;
  }

  Result<Node> parse_list(std::string_view separator, FilterNode::Kind kind) {
    std::vector<Node> children;
    do {
      Result<Node> child =
          kind == FilterNode::Kind::any_of ? parse_list("&&", FilterNode::Kind::all_of) : parse_unary();
      if (!child) return child;
      children.push_back(std::move(*child));
      skip_blanks();
    } while (take(separator));
    if (children.size() == 1) return children[0];
    auto node = std::make_shared<FilterNode>();
    node->kind = kind;
    node->children = std::move(children);
    return Node(std::move(node));
  }

  Result<Node> parse_unary() {
    skip_blanks();
    if (peek() == '!' && peek(1) != '=') {
      if (++depth_ > kFilterDepthMax) return fail("the filter is nested too deeply");
      ++at_;
      ESC_TRY(Node inner, parse_unary());
      --depth_;
      auto node = std::make_shared<FilterNode>();
      node->kind = FilterNode::Kind::negation;
      node->children.push_back(std::move(inner));
      return Node(std::move(node));
    }
    if (take('(')) {
      ESC_TRY(Node inner, parse_any());
      skip_blanks();
      if (!take(')')) return fail("')' is missing");
      return inner;
    }
    return parse_comparison();
  }

  Result<Node> parse_comparison() {
    auto node = std::make_shared<FilterNode>();
    ESC_TRY(node->left, parse_operand());
    skip_blanks();
    const auto op = take_operator();
    if (!op) {
      if (node->left.kind != Operand::Kind::current && node->left.kind != Operand::Kind::root) {
        return fail("a comparison is missing");
      }
      node->kind = FilterNode::Kind::exists;
      return Node(std::move(node));
    }
    node->kind = FilterNode::Kind::comparison;
    node->op = *op;
    skip_blanks();
    ESC_TRY(node->right, parse_operand());
    if (node->op == FilterNode::Operator::matches && node->left.kind != Operand::Kind::regex &&
        node->right.kind != Operand::Kind::regex) {
      return fail("=~ needs a regular expression");
    }
    return Node(std::move(node));
  }

  std::optional<FilterNode::Operator> take_operator() {
    using Op = FilterNode::Operator;
    struct Entry {
      std::string_view text;
      Op op;
    };
    static constexpr Entry kSigns[] = {{"===", Op::eq},     {"!==", Op::ne}, {"==", Op::eq},
                                       {"!=", Op::ne},      {"<=", Op::le},  {">=", Op::ge},
                                       {"=~", Op::matches}, {"<", Op::lt},   {">", Op::gt}};
    for (const Entry& entry : kSigns) {
      if (take(entry.text)) return entry.op;
    }
    static constexpr Entry kWords[] = {{"in", Op::in},        {"nin", Op::nin},        {"subsetof", Op::subset_of},
                                       {"anyof", Op::any_of}, {"noneof", Op::none_of}, {"contains", Op::contains},
                                       {"size", Op::size},    {"empty", Op::empty}};
    std::size_t length = 0;
    while (is_name_char(peek(length)) && at_ + length < text_.size()) ++length;
    std::string word(text_.substr(at_, length));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    for (const Entry& entry : kWords) {
      if (word == entry.text) {
        at_ += length;
        return entry.op;
      }
    }
    return std::nullopt;
  }

  Result<Operand> parse_operand() {
    skip_blanks();
    Operand operand;
    if (peek() == '@' || peek() == '$') {
      operand.kind = peek() == '@' ? Operand::Kind::current : Operand::Kind::root;
      ++at_;
      ESC_TRY(operand.steps, parse_steps(/*in_filter=*/true));
      return operand;
    }
    if (peek() == '/') return parse_regex();
    ESC_TRY(operand.literal, parse_literal());
    return operand;
  }

  Result<Operand> parse_regex() {
    ++at_;
    std::string pattern;
    while (true) {
      if (done()) return fail("the regular expression is not closed");
      const char c = text_[at_++];
      if (c == '/') break;
      if (c == '\\' && peek() == '/') {
        pattern.push_back('/');
        ++at_;
        continue;
      }
      pattern.push_back(c);
      if (c == '\\' && !done()) pattern.push_back(text_[at_++]);
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    for (; is_name_char(peek()); ++at_) {
      if (peek() == 'i') options.set_case_sensitive(false);
      if (peek() == 's') options.set_dot_nl(true);
    }
    Operand operand;
    operand.kind = Operand::Kind::regex;
    auto regex = std::make_shared<re2::RE2>(pattern, options);
    if (!regex->ok()) return fail("the regular expression is not valid: " + regex->error());
    operand.regex = std::move(regex);
    return operand;
  }

  Result<json::Value> parse_literal() {
    skip_blanks();
    if (peek() == '\'' || peek() == '"') {
      ESC_TRY(std::string text, parse_quoted(/*name=*/false));
      return json::Value(std::move(text));
    }
    if (peek() == '[') return parse_array();
    const std::size_t start = at_;
    while (!done() && (is_name_char(peek()) || peek() == '-' || peek() == '+' || peek() == '.')) ++at_;
    auto value = json::parse(text_.substr(start, at_ - start));
    if (!value) return fail("a value is missing");
    return value;
  }

  Result<json::Value> parse_array() {
    if (++depth_ > kFilterDepthMax) return fail("the literal is nested too deeply");
    ++at_;
    std::vector<json::Value> items;
    skip_blanks();
    while (!take(']')) {
      ESC_TRY(json::Value item, parse_literal());
      items.push_back(std::move(item));
      skip_blanks();
      if (!take(',') && peek() != ']') return fail("']' is missing");
      skip_blanks();
    }
    --depth_;
    return json::Value::array(std::move(items));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

bool is_definite_step(const Steps& steps, std::size_t index) {
  switch (steps[index].kind) {
    case Step::Kind::property:
    case Step::Kind::index:
    case Step::Kind::function:
      return true;
    case Step::Kind::properties:
      return index + 1 == steps.size();  // makes one object; elsewhere it branches
    default:
      return false;
  }
}

}  // namespace

bool is_definite(const Steps& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!is_definite_step(steps, i)) return false;
  }
  return true;
}

std::string canonical_text(const Steps& steps, std::size_t count) {
  std::string out = "$";
  for (std::size_t i = 0; i < count && i < steps.size(); ++i) {
    const Step& step = steps[i];
    switch (step.kind) {
      case Step::Kind::property:
        out += "['" + step.names[0] + "']";
        break;
      case Step::Kind::properties:
        for (std::size_t n = 0; n < step.names.size(); ++n) out += (n == 0 ? "['" : "','") + step.names[n];
        out += "']";
        break;
      case Step::Kind::index:
      case Step::Kind::indices:
        for (std::size_t n = 0; n < step.indices.size(); ++n)
          out += (n == 0 ? "[" : ",") + std::to_string(step.indices[n]);
        out += "]";
        break;
      case Step::Kind::slice:
        out +=
            "[" + (step.from ? std::to_string(*step.from) : "") + ":" + (step.to ? std::to_string(*step.to) : "") + "]";
        break;
      case Step::Kind::wildcard:
        out += "[*]";
        break;
      case Step::Kind::scan:
        out += "..";
        break;
      case Step::Kind::filter:
        out += "[?]";
        break;
      case Step::Kind::function:
        out += "()";
        break;
    }
  }
  return out;
}

Result<Path> Path::compile(std::string_view text) {
  ESC_TRY(CompiledPath compiled, Parser(text).parse());
  return Path(std::make_shared<const CompiledPath>(std::move(compiled)));
}

const std::string& Path::text() const { return compiled_->text; }
Root Path::root() const { return compiled_->root; }
const std::string& Path::variable() const { return compiled_->variable; }
bool Path::is_definite() const { return compiled_->definite; }
const std::vector<Step>& Path::steps() const { return compiled_->steps; }
bool Path::is_root_only() const { return compiled_->steps.empty(); }

}  // namespace escapement::jsonpath
