// What the standard output can show: colours only on a terminal (and never with NO_COLOR or TERM=dumb), its width, and
// text made safe to print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace escapement::cli {

enum class Style { plain, bold, dim, green, red, yellow, cyan };

struct Terminal {
  bool is_tty = false;
  bool has_colour = false;
  std::size_t columns = 0;  // 0: no limit

  // What file descriptor `fd` is (1: standard output).
  static Terminal of(int fd);

  std::string styled(Style style, std::string_view text) const;
};

// Control characters, which could drive the terminal, as \xNN; line ends and tabs as \n and \t where `one_line`.
std::string printable(std::string_view text, bool one_line = true);

// Columns that UTF-8 text takes, one a code point.
std::size_t display_width(std::string_view text);
// At most `columns` columns, the last one an ellipsis where something was cut.
std::string clipped(std::string_view text, std::size_t columns);

// The style for an execution's status.
Style status_style(std::string_view status);

}  // namespace escapement::cli
