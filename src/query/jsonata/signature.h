// Function signatures: "<s-nn?:s>" says what arguments a function takes. Validation also supplies what is implied: the
// context for a missing argument marked `-`, an array around a single value where an array is meant.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/jsonata/value.h"

namespace escapement::query::jsonata {

class Signature {
 public:
  // Throws Failure S0401 or S0402; `at` is where the signature begins.
  Signature(std::string_view text, std::uint32_t at);

  // The arguments as the function takes them; the given ones where they are that already. Throws Failure T0410, T0411,
  // T0412.
  std::span<const Value> validate(Arena& arena, std::span<const Value> arguments, const Value& context) const;

 private:
  struct Parameter {
    std::uint8_t accepts = 0;  // one bit a type symbol
    char type = 0;
    bool optional = false;
    bool repeated = false;
    bool context = false;  // a missing one is taken from the context
    bool is_choice = false;
    std::string subtype;
  };

  static constexpr std::size_t kParametersMax = 32;
  struct Attempt {
    std::string_view symbols;                           // of the arguments
    bool whole;                                         // every argument must be taken
    std::size_t last;                                   // the parameter to stop before
    int tries_left;                                     // of the backtracking, which a signature may make long
    std::array<std::uint32_t, kParametersMax> lengths;  // how many arguments each parameter takes
  };

  bool fits_as_given(std::span<const Value> arguments) const;
  bool match(Attempt& attempt, std::size_t parameter, std::size_t at) const;
  [[noreturn]] void fail(std::span<const Value> arguments, std::string_view symbols) const;
  Value as_array(Arena& arena, const Parameter& parameter, std::string_view matched, char symbol, const Value& argument,
                 std::size_t index) const;

  std::vector<Parameter> parameters_;
};

// 'a' array, 'b' boolean, 'f' function, 'l' null, 'm' undefined, 'n' number, 'o' object, 's' string.
char type_symbol(const Value& value);

}  // namespace escapement::query::jsonata
