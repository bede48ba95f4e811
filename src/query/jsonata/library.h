// The built-in functions: a table of names, signatures and implementations. functions_*.cc hold them, one file a
// family.
#pragma once

#include <span>
#include <string_view>

#include "query/jsonata/signature.h"
#include "query/jsonata/value.h"

namespace escapement::query::jsonata {

class Evaluation;
struct Frame;
struct FunctionNode;

// One call of a built-in function, its arguments validated. Missing ones read as undefined.
struct Call {
  Evaluation& evaluation;
  std::span<const Value> arguments;
  Value context;
  Frame* frame;

  Value operator[](std::size_t index) const { return index < arguments.size() ? arguments[index] : Value(); }
};

struct NativeFunction {
  std::string_view name;
  std::string_view signature_text;
  std::uint32_t arity;  // how many arguments a higher-order function passes to it at most
  Value (*run)(const Call& call);
  const Signature* signature = nullptr;    // set when the table is made
  const FunctionNode* function = nullptr;  // as a value; likewise
};

// nullptr: there is no such function (`states_dialect` adds six and takes $eval away).
const NativeFunction* find_native(std::string_view name, bool states_dialect);

// The families.
std::span<const NativeFunction> string_functions();
std::span<const NativeFunction> encoding_functions();
std::span<const NativeFunction> pattern_functions();
std::span<const NativeFunction> number_functions();
std::span<const NativeFunction> array_functions();
std::span<const NativeFunction> object_functions();
std::span<const NativeFunction> higher_order_functions();
std::span<const NativeFunction> time_functions();
std::span<const NativeFunction> states_functions();

}  // namespace escapement::query::jsonata
