// The texts that a policy compares with: `*` stands for any run of characters, `?` for any one, `${key}` and
// `${key, 'default'}` for the value of a condition key of the request; `${*}`, `${?}` and `${$}` are these characters
// themselves. What a variable brings in is never a wildcard.
//
// Immutable after construction; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace escapement::identity {

// Where variables get their values.
class VariableSource {
 public:
  virtual ~VariableSource() = default;
  // `key` is in lower case ("aws:username"). nullopt: the request has no such key, or several values of it.
  virtual std::optional<std::string> variable(std::string_view key) const = 0;
};

class Pattern {
 public:
  struct Options {
    bool variables = true;  // false for policies of version 2008-10-17, where `${` is plain text
    bool wildcards = true;
    bool fold_case = false;  // the pattern is stored in lower case; give lower-case subjects
  };

  Pattern(std::string_view text, Options options);

  // A lone `*`.
  bool is_any() const { return any_; }
  bool has_variables() const { return has_variables_; }
  // False where a variable has no value.
  bool matches(std::string_view subject, const VariableSource& variables) const;
  // The text with its variables filled in, wildcards as they were written; nullopt: one has no value.
  std::optional<std::string> resolve(const VariableSource& variables) const;

  // The pieces between the colons that lie outside variables, at most `max` of them; the last holds the rest.
  static std::vector<std::string_view> split_fields(std::string_view text, std::size_t max);

 private:
  struct Part {
    bool is_variable = false;
    std::string text;  // a literal whose wildcards are kRun and kOne, or the variable's key
    std::optional<std::string> fallback;
  };

  std::optional<std::string> fill(const VariableSource& variables) const;

  std::vector<Part> parts_;
  bool any_ = false;
  bool has_variables_ = false;
  bool fold_case_ = false;
};

}  // namespace escapement::identity
