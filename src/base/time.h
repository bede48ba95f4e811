// Points in time and spans of it. Everything is microseconds; AWS's APIs show milliseconds.
//
// `Timestamp` counts from the Unix epoch (UTC, no leap seconds). The two types do not convert implicitly from
// integers, so seconds and milliseconds cannot be confused.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escapement::base {

struct Duration {
  std::int64_t us = 0;

  static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000}; }
  static constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000}; }
  static constexpr Duration microseconds(std::int64_t n) { return {n}; }
  constexpr std::int64_t ms() const { return us / 1'000; }
  constexpr double as_seconds() const { return static_cast<double>(us) / 1e6; }

  auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration other) const { return {us + other.us}; }
  constexpr Duration operator-(Duration other) const { return {us - other.us}; }
  constexpr Duration operator*(std::int64_t factor) const { return {us * factor}; }
};

struct Timestamp {
  std::int64_t us = 0;

  static constexpr Timestamp from_seconds(std::int64_t n) { return {n * 1'000'000}; }
  static constexpr Timestamp from_ms(std::int64_t n) { return {n * 1'000}; }
  static constexpr Timestamp max() { return {INT64_MAX}; }
  constexpr std::int64_t ms() const { return us / 1'000; }
  // Seconds with three decimals, the form of AWS JSON timestamps.
  constexpr double as_seconds() const { return static_cast<double>(us / 1'000) / 1e3; }

  auto operator<=>(const Timestamp&) const = default;
  constexpr Timestamp operator+(Duration d) const { return {us + d.us}; }
  constexpr Timestamp operator-(Duration d) const { return {us - d.us}; }
  constexpr Duration operator-(Timestamp other) const { return {us - other.us}; }
};

// "2022-03-04T12:30:00.123Z", always UTC with milliseconds.
std::string to_iso8601(Timestamp t);

// "20220304T123000Z", the form of SigV4.
std::string to_basic_iso8601(Timestamp t);

// RFC 3339 as the Amazon States Language profiles it: an upper-case `T` between date and time, and an upper-case `Z`
// or a numeric offset; any number of fraction digits (beyond microseconds they are dropped).
// Errors: invalid.
Result<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace escapement::base
