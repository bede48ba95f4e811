// JSONata 2: a query and transformation language for JSON (https://docs.jsonata.org), and the dialect of it that Step
// Functions speaks ("Transforming data with JSONata in Step Functions").
//
// An expression is compiled once into an immutable tree and evaluated any number of times. Input and bindings are used
// as they are, without a copy. Evaluation reads no clock and no randomness but those of its Environment, so the same
// arguments give the same answer.
//
// Every bound of Options holds: an expression that runs away ends with error U1001 (too many steps, too deep, too much
// memory), D2014 or D2015 (a sequence too long), never with a crash.
//
// Threading: an Expression is immutable and may be evaluated by many threads at once.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "json/value.h"

namespace escapement::query::jsonata {

struct Options {
  // The functions that Step Functions adds ($partition, $range, $hash, $random with a seed, $uuid, $parse), no $eval,
  // and a number that JSON cannot hold becomes the text "Infinity", "-Infinity" or "NaN" (else null).
  bool states_dialect = false;
  std::size_t source_bytes_max = 1 << 20;
  std::size_t depth_max = 1'000;             // expressions nested in one another while evaluating
  std::uint64_t steps_max = 50'000'000;      // expressions evaluated plus items visited by functions
  std::size_t sequence_max = 10'000'000;     // items of one array that the expression makes
  std::size_t string_bytes_max = 64 << 20;   // of one string that the expression makes
  std::size_t memory_bytes_max = 512 << 20;  // of everything that one evaluation makes
  std::size_t stack_bytes_max = 320 << 10;   // of the caller's thread stack; holds whatever depth_max says

  // Step Functions' own bounds, with its dialect: 100 levels, about a second, 6,990,256 bytes in one value.
  static Options for_states();
};

// What went wrong, in the words of the reference implementation.
struct EvaluationError {
  std::string code;                  // "T2001"; "U1001" where a bound of Options was passed
  std::string message;               // "The left side of the \"+\" operator must evaluate to a number"
  std::size_t position = 0;          // in the expression, in UTF-16 units, after the token concerned
  std::string token;                 // the operator, function or token concerned; may be empty
  std::optional<json::Value> value;  // the value concerned, where there is one
  std::string function_name;         // of $encodeUrl and its kin

  // What AWS puts behind "threw an error during evaluation": ". T1006: Attempted to invoke a non-function", or
  // ": Stack overflow error: ..." where a bound was passed.
  std::string aws_tail() const;
};

// A variable that the expression sees as `$name`. Both are borrowed for the call.
struct Binding {
  std::string_view name;  // without the `$`
  const json::Value* value;
};

struct Environment {
  base::Timestamp now;        // $now() and $millis()
  base::SplitMix& generator;  // $random(), $shuffle(), $uuid()
};

struct Program;

class Expression {
 public:
  // Errors: the codes S0101 to S0500; S0303 (ours): a regular expression that does not compile; U1001: nested too
  // deeply.
  static std::expected<Expression, EvaluationError> compile(std::string_view text, const Options& options = {});

  // `input` is the context, nullptr for none. nullopt: the expression evaluates to nothing (undefined). Whole numbers
  // come back as integers (1, not 1.0); what was only passed through comes back as it was given.
  std::expected<std::optional<json::Value>, EvaluationError> evaluate(const json::Value* input,
                                                                      std::span<const Binding> bindings,
                                                                      Environment& environment) const;

  const std::string& text() const;

  // The `$names` that the expression reads and does not bind itself, without the built-in functions, without `$` and
  // `$$`, each once, in order of appearance ("states" is among them where it occurs).
  std::vector<std::string> free_variables() const;

  // The built-in functions that the expression mentions, each once. A binding of the same name takes a function's
  // place, so whoever binds variables must offer these too.
  std::vector<std::string> builtin_functions() const;

  // The paths read below `$states`, each once: {"input", "order"} for `$states.input.order[0].total` is cut at the
  // first step that is not a plain name. An empty path: `$states` as a whole.
  std::vector<std::vector<std::string>> states_paths() const;

  // What the expression reads from its context item, which Step Functions does not have: the first names of relative
  // paths ("phone"), "$", "$$", "*", "**", each once, in order of appearance. AWS answers
  // UNSUPPORTED_JSONATA_EXPRESSION: "Reference to 'phone' at the top level is not supported." ("Reference to '$$' is
  // not supported.").
  std::vector<std::string> context_references() const;

 private:
  explicit Expression(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;  // shared: an Expression is copied with the state definition that holds it
};

}  // namespace escapement::query::jsonata
