// A date picture taken apart: "[D1o] [MNn] [Y0001]" is markers with text between them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/jsonata/format_integer.h"

namespace escapement::query::jsonata {

struct DatePart {
  enum class Names : std::uint8_t { none, lower, upper, title };

  char component = 0;  // 0: literal text
  std::string literal;
  Names names = Names::none;  // the value is written as a name
  bool zulu = false;          // the second modifier `t`: a zone of zero is `Z`
  std::optional<IntegerPicture> integer;
  std::optional<std::size_t> width_max;
  double year_modulus_digits = -1;  // of `Y`: so many digits are shown; -1: all
  std::size_t parse_width = 0;      // digits that belong to this number where another follows at once; 0: any
};

// Throws Failure D3132, D3135, D3130, D3131.
std::vector<DatePart> parse_date_picture(std::string_view picture);

}  // namespace escapement::query::jsonata
