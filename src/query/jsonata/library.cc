#include "query/jsonata/library.h"

#include <deque>
#include <unordered_map>

#include "query/jsonata/evaluation.h"

namespace escapement::query::jsonata {
namespace {

using Table = std::unordered_map<std::string_view, NativeFunction>;

class Library {
 public:
  Library() {
    for (const auto family : {string_functions(), encoding_functions(), pattern_functions(), number_functions(),
                              array_functions(), object_functions(), higher_order_functions(), time_functions()}) {
      add(standard_, family);
      add(states_, family);
    }
    states_.erase("eval");
    add(states_, states_functions());
  }

  const Table& table(bool states_dialect) const { return states_dialect ? states_ : standard_; }

 private:
  void add(Table& table, std::span<const NativeFunction> family) {
    for (NativeFunction function : family) {
      function.signature = &signatures_.emplace_back(function.signature_text, 0);
      NativeFunction& entry = table[function.name] = function;
      FunctionNode& value = values_.emplace_back(FunctionNode::Form::native);
      value.native = &entry;  // entries of a map stay where they are
      entry.function = &value;
    }
  }

  std::deque<Signature> signatures_;
  std::deque<FunctionNode> values_;
  Table standard_;
  Table states_;
};

}  // namespace

const NativeFunction* find_native(std::string_view name, bool states_dialect) {
  static const Library library;
  const Table& table = library.table(states_dialect);
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace escapement::query::jsonata
