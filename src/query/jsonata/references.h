// What an expression refers to outside itself, found without evaluating it.
#pragma once

#include <string>
#include <vector>

#include "query/jsonata/syntax.h"

namespace escapement::query::jsonata {

// Each listed once, in order of appearance; see Expression for what they mean.
struct References {
  std::vector<std::string> variables;
  std::vector<std::string> functions;  // built-in ones
  std::vector<std::vector<std::string>> states_paths;
  std::vector<std::string> context;
};

References find_references(const Program& program);

}  // namespace escapement::query::jsonata
