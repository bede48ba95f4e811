// JSONPath as AWS Step Functions evaluates it, which is as the Jayway library does.
//
// A Path is compiled once and then evaluated as often as wanted. It begins at one of three roots: `$` (the data),
// `$$` (the context object) or `$name` (a variable); the caller fetches the root's value and passes it in.
//
// A path is definite when it can select one value at most: no wildcard, deep scan, filter, slice or union. A definite
// path yields that value, or fails when there is none. An indefinite one yields an array of what it found, in document
// order, which is empty when it found nothing. A function at the end (`.length()`, `.sum()`) makes a path definite.
//
// Bounds: text of 32 KiB, 256 steps, filters nested 32 deep; one evaluation visits at most 10 million values.
// Threading: immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace escapement::jsonpath {

enum class Root : std::uint8_t {
  input,     // `$`
  context,   // `$$`
  variable,  // `$name`
};

struct CompiledPath;
struct Step;

class Path {
 public:
  // Errors: invalid, with the reason in the message.
  static base::Result<Path> compile(std::string_view text);

  const std::string& text() const;  // as written
  Root root() const;
  const std::string& variable() const;  // the name after `$`; empty for the other roots
  bool is_definite() const;
  bool is_root_only() const;  // `$`, `$$` or `$name` with nothing after it

  const std::vector<Step>& steps() const;  // for this room

  // `root` is the value of what root() names.
  // An indefinite path answers an empty array where anything on its way is missing.
  // Errors: not_found (a definite path without a value; the message is Jayway's, "No results for path: $['a']"),
  // invalid (a function of an unfit value), limit_exceeded.
  base::Result<json::Value> evaluate(const json::Value& root) const;

 private:
  explicit Path(std::shared_ptr<const CompiledPath> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const CompiledPath> compiled_;  // shared: a Path is copied into every state that holds it
};

}  // namespace escapement::jsonpath
