// Texts with wildcards. Which characters are wildcards differs from one AWS language to the next; how they match does
// not.
#pragma once

#include <optional>
#include <string_view>

namespace escapement::base {

struct GlobSyntax {
  char run = '*';                   // any run of characters, an empty one too
  std::optional<char> one = {};     // any one character
  std::optional<char> escape = {};  // takes the next character as it is; as the last one it stands for itself
};

// Whether `pattern` matches all of `text`, byte by byte. On a mismatch it goes back to the last run only: linear in
// practice, quadratic at worst.
constexpr bool matches_glob(std::string_view pattern, std::string_view text, const GlobSyntax& syntax = {}) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t run = std::string_view::npos;
  std::size_t run_text = 0;
  while (t < text.size()) {
    const bool escaped = syntax.escape && p + 1 < pattern.size() && pattern[p] == *syntax.escape;
    if (p < pattern.size() && !escaped && pattern[p] == syntax.run) {
      run = p++;
      run_text = t;
    } else if (p < pattern.size() &&
               (pattern[p + (escaped ? 1 : 0)] == text[t] || (!escaped && syntax.one && pattern[p] == *syntax.one))) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (run != std::string_view::npos) {
      p = run + 1;
      t = ++run_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == syntax.run) ++p;
  return p == pattern.size();
}

}  // namespace escapement::base
