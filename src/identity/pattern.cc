#include "identity/pattern.h"

#include "base/glob.h"
#include "identity/arn.h"

namespace escapement::identity {
namespace {

// Wildcards in the compiled text. Subjects and values that hold these bytes match nothing but a lone `*`.
constexpr char kRun = '\x01';
constexpr char kOne = '\x02';

bool has_marks(std::string_view text) { return text.find_first_of("\x01\x02") != std::string_view::npos; }

bool glob(std::string_view pattern, std::string_view subject) {
  return base::matches_glob(pattern, subject, {.run = kRun, .one = kOne, .escape = {}});
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Pattern::Pattern(std::string_view text, Options options)
    : any_(options.wildcards && text == "*"), fold_case_(options.fold_case) {
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) parts_.push_back({false, fold_case_ ? to_lower(literal) : literal, std::nullopt});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto end = text.substr(i, 2) == "${" ? text.find('}', i) : std::string_view::npos;
    if (options.variables && end != std::string_view::npos) {
      const std::string_view inner = text.substr(i + 2, end - i - 2);
      i = end;
      if (inner == "*" || inner == "?" || inner == "$") {
        literal += inner;
        continue;
      }
      flush();
      Part part{true, {}, std::nullopt};
      const auto comma = inner.find(',');
      part.text = to_lower(trim(inner.substr(0, comma)));
      if (comma != std::string_view::npos) {
        std::string_view fallback = trim(inner.substr(comma + 1));
        if (fallback.size() >= 2 && fallback.front() == '\'' && fallback.back() == '\'')
          fallback = fallback.substr(1, fallback.size() - 2);
        part.fallback = std::string(fallback);
      }
      parts_.push_back(std::move(part));
      has_variables_ = true;
      continue;
    }
    const char c = text[i];
    if (options.wildcards && c == '*') {
      if (literal.empty() || literal.back() != kRun) literal += kRun;
    } else if (options.wildcards && c == '?') {
      literal += kOne;
    } else {
      literal += c;
    }
  }
  flush();
}

std::optional<std::string> Pattern::fill(const VariableSource& variables) const {
  std::string out;
  for (const Part& part : parts_) {
    if (!part.is_variable) {
      out += part.text;
      continue;
    }
    auto value = variables.variable(part.text);
    if (!value) value = part.fallback;
    if (!value || has_marks(*value)) return std::nullopt;
    out += fold_case_ ? to_lower(*value) : *value;
  }
  return out;
}

bool Pattern::matches(std::string_view subject, const VariableSource& variables) const {
  if (any_) return true;
  if (has_marks(subject)) return false;
  if (parts_.empty()) return subject.empty();
  if (!has_variables_) return glob(parts_.front().text, subject);
  const auto filled = fill(variables);
  return filled && glob(*filled, subject);
}

std::optional<std::string> Pattern::resolve(const VariableSource& variables) const {
  auto filled = fill(variables);
  if (!filled) return std::nullopt;
  for (char& c : *filled) c = c == kRun ? '*' : c == kOne ? '?' : c;
  return filled;
}

std::vector<std::string_view> Pattern::split_fields(std::string_view text, std::size_t max) {
  std::vector<std::string_view> fields;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size() && fields.size() + 1 < max; ++i) {
    if (text.substr(i, 2) == "${") {
      const auto end = text.find('}', i);
      if (end != std::string_view::npos) i = end;
    } else if (text[i] == ':') {
      fields.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  fields.push_back(text.substr(begin));
  return fields;
}

}  // namespace escapement::identity
