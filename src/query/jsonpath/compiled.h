// The compiled form of a path: a list of steps, and the filter expressions inside them. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "json/value.h"
#include "query/jsonpath/path.h"

namespace re2 {
class RE2;
}

namespace escapement::jsonpath {

struct FilterNode;
struct Step;

enum class Function : std::uint8_t {
  length,
  size,
  min,
  max,
  avg,
  sum,
  stddev,
  concat,
  append,
  keys,
  first,
  last,
  index
};

// A function's argument: a literal, or a path from the document's root.
struct Argument {
  std::variant<json::Value, std::vector<Step>> value;
};

struct Step {
  enum class Kind : std::uint8_t {
    property,    // .name
    properties,  // ['a','b']
    index,       // [0]
    indices,     // [0,2]
    slice,       // [1:3]
    wildcard,    // .* and [*]
    scan,        // ..  applies the next step at every depth
    filter,      // [?( )]
    function,    // .length()
  };
  Kind kind = Kind::property;
  std::vector<std::string> names;
  std::vector<std::int64_t> indices;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  std::shared_ptr<const FilterNode> filter;  // shared: steps are copied while a path is put together
  Function function = Function::length;
  std::vector<Argument> arguments;
};

using Steps = std::vector<Step>;

// What stands on a side of a comparison.
struct Operand {
  enum class Kind : std::uint8_t { current, root, literal, regex };  // `@...`, `$...`, a value, `/.../i`
  Kind kind = Kind::literal;
  Steps steps;
  json::Value literal;
  std::shared_ptr<const re2::RE2> regex;  // shared: operands are copied
};

struct FilterNode {
  enum class Kind : std::uint8_t { all_of, any_of, negation, comparison, exists };
  enum class Operator : std::uint8_t {
    eq,
    ne,
    lt,
    le,
    gt,
    ge,
    matches,
    in,
    nin,
    subset_of,
    any_of,
    none_of,
    contains,
    size,
    empty
  };
  Kind kind = Kind::exists;
  Operator op = Operator::eq;
  std::vector<std::shared_ptr<const FilterNode>> children;
  Operand left;
  Operand right;
};

struct CompiledPath {
  std::string text;
  Root root = Root::input;
  std::string variable;
  Steps steps;
  bool definite = true;
};

// Whether `steps` select one value at most; the rules are in path.h.
bool is_definite(const Steps& steps);

// "$['a'][0]": the path as error messages spell it, `count` steps of it.
std::string canonical_text(const Steps& steps, std::size_t count);

// One evaluation: the document, and how many more values may be visited.
struct Evaluation {
  const json::Value& root;
  std::int64_t visits_left;
};

// Errors: as Path::evaluate.
base::Result<json::Value> evaluate_steps(const Steps& steps, const json::Value& start, Evaluation& evaluation);

bool accepts(const FilterNode& filter, const json::Value& current, Evaluation& evaluation);

// nullopt: the function has nothing to say about such a value.
base::Result<json::Value> apply_function(const Step& step, const json::Value& subject, Evaluation& evaluation);

}  // namespace escapement::jsonpath
