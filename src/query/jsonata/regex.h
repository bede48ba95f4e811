// A regular expression in JavaScript's syntax, matched by PCRE2.
//
// The pattern is translated first: what JavaScript reads literally and PCRE2 does not (`\Q`, `[[`), or PCRE2 has and
// JavaScript refuses (possessive quantifiers, recursion, verbs) ends up as JavaScript means it. Differences that stay:
// characters are code points, not UTF-16 units; a lookbehind must have a bounded length; `\s`, `\w`, `\d` are ASCII.
//
// Matching cannot run away: every step of it is counted against the evaluation's budget.
//
// Threading: immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace escapement::query::jsonata {

class Regex {
 public:
  struct Flags {
    bool ignore_case = false;
    bool multiline = false;
  };
  struct Group {
    std::size_t start = 0;  // bytes into the subject
    std::size_t end = 0;
    bool matched = false;
  };
  using Match = std::vector<Group>;  // the whole match, then the groups

  // A text to be searched, possibly many times. Borrowed.
  class Subject {
   public:
    explicit Subject(std::string_view text);
    std::string_view text() const { return text_; }

   private:
    friend class Regex;
    std::string_view text_;
    std::string clean_;  // a copy without lone surrogates, if there are any; offsets are the same
  };

  // Throws Failure S0303 at `at` if PCRE2 does not accept the translated pattern.
  static std::shared_ptr<const Regex> compile(std::string_view pattern, Flags flags, std::uint32_t at);
  // `pattern` is PCRE2's already; made by this program, so it compiles.
  static std::shared_ptr<const Regex> compile_native(std::string_view pattern, Flags flags);

  explicit Regex(std::string source) : source_(std::move(source)) {}
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;
  ~Regex();

  // The first match at or after byte `from`; nullopt: there is none. Takes what it spends from `steps_left`.
  // Throws Failure U1001 when that is used up.
  std::optional<Match> match(const Subject& subject, std::size_t from, std::uint64_t& steps_left) const;

  const std::string& source() const { return source_; }

 private:
  static std::shared_ptr<const Regex> build(std::string source, const std::string& pattern, Flags flags,
                                            std::uint32_t at);

  std::string source_;
  pcre2_real_code_8* code_ = nullptr;
  std::uint32_t groups_ = 0;
};

}  // namespace escapement::query::jsonata
