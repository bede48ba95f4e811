// How an error travels inside the room: thrown as a Failure, turned into an EvaluationError at the public seam.
//
// Exceptions are used inside because every operator and function can fail and the happy path then costs nothing; none
// leaves the room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"
#include "query/jsonata/jsonata.h"

namespace escapement::query::jsonata {

inline constexpr std::uint32_t kNoPosition = 0xffffffff;

struct Failure {
  std::string_view code;                 // of static storage
  std::uint32_t position = kNoPosition;  // bytes into the expression
  std::optional<json::Value> token;
  std::optional<json::Value> value;
  std::optional<json::Value> value2;
  std::uint32_t index = 0;    // of the argument concerned, from 1; 0: none
  std::string type;           // T0412: what the array must hold, in the plural
  std::string text;           // the message itself, of codes that have no wording of their own
  std::string function_name;  // D3140

  static Failure of(std::string_view code) {
    Failure failure;
    failure.code = code;
    return failure;
  }
  static Failure of(std::string_view code, json::Value value) {
    Failure failure = of(code);
    failure.value = std::move(value);
    return failure;
  }
  static Failure at(std::string_view code, std::uint32_t position) {
    Failure failure = of(code);
    failure.position = position;
    return failure;
  }
  static Failure with_text(std::string_view code, std::string text) {
    Failure failure = of(code);
    failure.text = std::move(text);
    return failure;
  }
};

// A bound of Options was passed. The code is U1001; AWS prints these without it.
inline constexpr std::string_view kBoundCode = "U1001";
[[noreturn]] void fail_too_deep(std::size_t depth, std::size_t depth_max);
[[noreturn]] void fail_out_of_stack();
[[noreturn]] void fail_out_of_steps();
[[noreturn]] void fail_out_of_memory();

// The words of `failure`, as the reference implementation puts them.
std::string failure_message(const Failure& failure);

// `source` is the expression, for positions in UTF-16 units.
EvaluationError to_evaluation_error(const Failure& failure, std::string_view source);

}  // namespace escapement::query::jsonata
