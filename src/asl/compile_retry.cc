// Retry and Catch.
#include <cmath>

#include <fmt/format.h>

#include "asl/compiler.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr std::int64_t kCountMax = 99'999'999;
constexpr std::int64_t kDelaySecondsMax = 31'622'400;

std::vector<std::string> error_equals(const Reader& entry, bool last) {
  std::vector<std::string> out;
  const Value* names = entry.array("ErrorEquals");
  if (names == nullptr) return out;
  if (names->size() == 0) entry.checker.schema("The field 'ErrorEquals' should be non-empty", entry.at("ErrorEquals"));
  const Place place = entry.at("ErrorEquals");
  for (std::size_t i = 0; i < names->size(); ++i) {
    if ((*names)[i].is_string()) {
      out.push_back((*names)[i].as_string());
    } else {
      entry.checker.schema("Expected value of type String", Place{&place, {}, static_cast<std::int64_t>(i)});
    }
  }
  for (const std::string& name : out) {
    if (name == "States.ALL" && (out.size() > 1 || !last)) {
      entry.checker.schema_rule("'States.ALL' must appear alone and in the last entry", place);
    }
  }
  return out;
}

template <typename F>
void for_each_entry(const Reader& reader, std::string_view name, F&& compile) {
  const Value* entries = reader.array(name);
  if (entries == nullptr) return;
  const Place list = reader.at(name);
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const Place place{&list, {}, static_cast<std::int64_t>(i)};
    const Value& entry = (*entries)[i];
    if (!entry.is_object()) {
      reader.checker.schema("Expected value of type Object", place);
      continue;
    }
    compile(Reader{entry, place, reader.language, reader.checker}, i + 1 == entries->size());
  }
}

}  // namespace

std::vector<Retrier> compile_retriers(const Reader& reader) {
  std::vector<Retrier> out;
  for_each_entry(reader, "Retry", [&](const Reader& entry, bool last) {
    entry.allow_only({"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds",
                      "JitterStrategy", "Comment"});
    entry.require({"ErrorEquals"});
    Retrier retrier;
    retrier.error_equals = error_equals(entry, last);
    retrier.interval_seconds = entry.integer("IntervalSeconds", 1, kCountMax).value_or(retrier.interval_seconds);
    retrier.attempts_max = entry.integer("MaxAttempts", 0, kCountMax).value_or(retrier.attempts_max);
    retrier.backoff_rate = entry.number("BackoffRate", 1.0, INFINITY).value_or(retrier.backoff_rate);
    retrier.delay_seconds_max = entry.integer("MaxDelaySeconds", 1, kDelaySecondsMax);
    if (entry.one_of("JitterStrategy", {"FULL", "NONE"}).value_or("NONE") == "FULL") retrier.jitter = Jitter::full;
    if (retrier.delay_seconds_max && *retrier.delay_seconds_max <= retrier.interval_seconds) {
      entry.checker.schema_rule(
          "The value for the field 'MaxDelaySeconds' must be greater than that of 'IntervalSeconds'", entry.place);
    }
    out.push_back(std::move(retrier));
  });
  return out;
}

std::vector<Catcher> compile_catchers(const Reader& reader) {
  std::vector<Catcher> out;
  for_each_entry(reader, "Catch", [&](const Reader& entry, bool last) {
    if (entry.jsonata()) {
      entry.allow_only({"ErrorEquals", "Next", "Assign", "Output", "Comment"});
    } else {
      entry.allow_only({"ErrorEquals", "Next", "Assign", "ResultPath", "Comment"});
    }
    entry.require({"ErrorEquals", "Next"});
    Catcher catcher;
    catcher.error_equals = error_equals(entry, last);
    catcher.next.name = entry.text("Next").value_or("");
    catcher.assign = entry.assign(/*in_catcher=*/true);
    if (entry.jsonata()) {
      catcher.output = entry.payload("Output", /*in_catcher=*/true);
    } else {
      catcher.result_path = entry.result_path("ResultPath");
    }
    out.push_back(std::move(catcher));
  });
  return out;
}

}  // namespace escapement::asl
