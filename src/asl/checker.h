// What compiling a definition passes around: where it is in the text, and what it found wrong. Internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asl/compile.h"
#include "asl/diagnostics.h"
#include "asl/program.h"
#include "json/value.h"

namespace escapement::asl {

// A place in the definition, linked to the one it is in; it becomes text only when there is something to report.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;
  std::int64_t index = -1;  // >= 0: an item of the parent's array

  // "/States/A/Choices[0]/Next"; "/" for the root.
  std::string text() const;
};

class Checker {
 public:
  // `accepted`: the text was taken by a version that may have asked less; see rule().
  explicit Checker(const CompileOptions& options)
      : max_(options.diagnostics_max), accepted_(options.accepted), is_known_(options.is_known) {}

  bool is_known(const Resource& resource) const { return is_known_ == nullptr || is_known_(resource); }

  void error(std::string code, std::string message, const Place& place) {
    add(Severity::error, std::move(code), std::move(message), place.text());
  }
  void schema(std::string message, const Place& place) { error("SCHEMA_VALIDATION_FAILED", std::move(message), place); }
  void error_at(std::string code, std::string message, std::string location) {
    add(Severity::error, std::move(code), std::move(message), std::move(location));
  }
  void nowhere(std::string code, std::string message) { add(Severity::error, std::move(code), std::move(message), {}); }
  // What the text may not say although it can be compiled whole: a warning in a text that was accepted before, so that
  // a rule that a later version adds does not take a stored machine away. Anything that leaves a part of the program
  // out is an error for both.
  void rule(std::string code, std::string message, std::string location) {
    add(accepted_ ? Severity::warning : Severity::error, std::move(code), std::move(message), std::move(location));
  }
  void schema_rule(std::string message, const Place& place) {
    rule("SCHEMA_VALIDATION_FAILED", std::move(message), place.text());
  }
  void warning(std::string code, std::string message, const Place& place) {
    add(Severity::warning, std::move(code), std::move(message), place.text());
  }

  bool has_error() const { return errors_ > 0; }
  // So many errors that no more of the text need be read. Warnings do not end the reading.
  bool gives_up() const { return errors_ >= max_; }
  std::vector<Diagnostic> take();  // errors first

 private:
  void add(Severity severity, std::string code, std::string message, std::string location);

  std::size_t max_;
  bool accepted_;
  bool (*is_known_)(const Resource&);
  std::size_t errors_ = 0;
  std::vector<Diagnostic> diagnostics_;
};

// One object of the definition while it is read.
struct Reader {
  const json::Value& object;
  const Place& place;
  QueryLanguage language;
  Checker& checker;

  // nullptr: not there.
  const json::Value* find(std::string_view name) const { return object.find(name); }
  Place at(std::string_view name) const { return {&place, name, -1}; }
  bool jsonata() const { return language == QueryLanguage::jsonata; }

  // Each reports a wrong type and answers nullopt for it, as for an absent field.
  std::optional<std::string> text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max) const;
  std::optional<double> number(std::string_view name, double min, double max) const;
  std::optional<bool> boolean(std::string_view name) const;
  // One of `values`; reports any other text.
  std::optional<std::string> one_of(std::string_view name, std::initializer_list<std::string_view> values) const;
  const json::Value* array(std::string_view name) const;  // nullptr: absent or reported
  const json::Value* child(std::string_view name) const;  // an object; nullptr: absent or reported

  // "These fields are required: [A, B]". `expect` is for fields without which the program is whole.
  void require(std::initializer_list<std::string_view> names) const;
  void expect(std::initializer_list<std::string_view> names) const;
  void at_most_one(
      std::initializer_list<std::string_view> names) const;  // "Only one of these fields is allowed: [A, B]"
  void exactly_one(std::initializer_list<std::string_view> names) const;
  void allow_only(std::initializer_list<std::string_view> names) const;  // "Field 'X' is not supported"

  // Fields of the language. `name` must be static text where a field keeps it.
  SelectPath select_path(std::string_view name) const;
  ResultPath result_path(std::string_view name) const;
  std::optional<Template> payload(std::string_view name, bool in_catcher = false) const;
  std::optional<Template> assign(bool in_catcher = false) const;
  IntegerField integer_field(std::string_view name, std::string_view path_name, std::int64_t min,
                             std::int64_t max) const;
  NumberField percentage_field(std::string_view name, std::string_view path_name) const;
  TextField text_field(std::string_view name, std::string_view path_name) const;
  std::optional<Resource> resource(MachineType type) const;
};

// nullopt where something was reported.
std::optional<Template> compile_template(const json::Value& value, QueryLanguage language, const Place& place,
                                         bool in_catcher, Checker& checker);
std::optional<JsonataExpression> compile_jsonata(std::string_view text, const Place& place, bool in_catcher,
                                                 Checker& checker);
std::optional<jsonpath::Path> compile_path(std::string_view text, std::string_view field, const Place& place,
                                           Checker& checker);

}  // namespace escapement::asl
