// Points in time as the protocols write them. In a Value a timestamp is a number: seconds since 1970, with fraction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"

namespace escapement::wire {

void append_epoch(std::string& out, const json::Value& seconds);  // "1700000000.123", no exponent
std::string to_iso8601_seconds(
    const json::Value& seconds);                       // "2023-11-14T22:13:20Z"; milliseconds where there are some
std::string to_http_date(const json::Value& seconds);  // "Tue, 14 Nov 2023 22:13:20 GMT"

// ISO 8601 / RFC 3339, an HTTP date, or seconds as digits. nullopt: none of these.
std::optional<json::Value> parse_timestamp(std::string_view text);

}  // namespace escapement::wire
