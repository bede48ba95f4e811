// $now, $millis, $fromMillis, $toMillis.
#include <optional>

#include "query/jsonata/date_time.h"
#include "query/jsonata/evaluation.h"

namespace escapement::query::jsonata {
namespace {

std::optional<std::string_view> optional_text(const Value& value) {
  return value.is_string() ? std::optional(value.text()) : std::nullopt;
}

double now_ms(const Call& call) { return static_cast<double>(call.evaluation.environment().now.ms()); }

Value formatted(const Call& call, double ms, const Value& picture, const Value& zone) {
  if (picture.is_string()) call.evaluation.charge(picture.text().size());
  return call.evaluation.text(format_timestamp(ms, optional_text(picture), optional_text(zone)));
}

Value now(const Call& call) { return formatted(call, now_ms(call), call[0], call[1]); }

Value millis(const Call& call) { return Value::of(now_ms(call)); }

Value from_millis(const Call& call) {
  return call[0].is_undefined() ? Value() : formatted(call, call[0].number(), call[1], call[2]);
}

Value to_millis(const Call& call) {
  if (call[0].is_undefined()) return {};
  if (!call[1].is_string()) return Value::of(parse_iso8601(call[0].text()));
  call.evaluation.charge(call[1].text().size());
  const auto ms = parse_timestamp(call[0].text(), call[1].text(), now_ms(call), call.evaluation.steps_left());
  return ms ? Value::of(*ms) : Value();
}

constexpr NativeFunction kFunctions[] = {
    {"now", "<s?s?:s>", 2, now},
    {"millis", "<:n>", 0, millis},
    {"fromMillis", "<n-s?s?:s>", 3, from_millis},
    {"toMillis", "<s-s?:n>", 2, to_millis},
};

}  // namespace

std::span<const NativeFunction> time_functions() { return kFunctions; }

}  // namespace escapement::query::jsonata
