// A constraint's regular expression, in Java's dialect as the API models have it (look-ahead, \p{L}, \uXXXX).
//
// Compiled at its first use, by PCRE2, with a bound on the work of one match. A text matches as a whole or not at all.
// Threading: any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace escapement::wire {

class Pattern {
 public:
  explicit Pattern(std::string text);
  const std::string& text() const { return text_; }
  // A pattern that PCRE2 cannot compile matches everything; an unfinished match counts as none.
  bool matches(std::string_view subject) const;
  bool compiles() const;

 private:
  struct Compiled;
  const Compiled& compiled() const;

  std::string text_;
  std::shared_ptr<Compiled> compiled_;  // shared by copies of the same pattern; compiled under a once-flag
};

}  // namespace escapement::wire
