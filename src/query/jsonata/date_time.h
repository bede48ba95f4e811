// Timestamps by picture: $fromMillis, $toMillis, $now. After XPath and XQuery Functions and Operators 3.1, section 9.8,
// with `X` and `x` for the year and month that a week belongs to. All of it in milliseconds since the epoch, UTC, in
// the proleptic Gregorian calendar; years of two digits in a text are of the twentieth century, as in JavaScript.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace escapement::query::jsonata {

// `picture` nullopt: ISO 8601. `zone` is "+hhmm" or "-hhmm"; nullopt: UTC. Throws Failure D3132 to D3135, D3130, D3131.
std::string format_timestamp(double ms, std::optional<std::string_view> picture, std::optional<std::string_view> zone);

// ISO 8601: a year, or more of a date, or a date and a time. Throws Failure D3110.
double parse_iso8601(std::string_view text);

// By picture. What the text leaves out on the left is taken from `now_ms`, on the right it is zero. nullopt: the text
// does not match. `steps_left` pays for matching. Throws Failure D3130 to D3136.
std::optional<double> parse_timestamp(std::string_view text, std::string_view picture, double now_ms,
                                      std::uint64_t& steps_left);

}  // namespace escapement::query::jsonata
