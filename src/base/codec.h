// Text codecs: hexadecimal, base64, percent-encoding, UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace escapement::base {

std::string to_hex(std::string_view bytes);                     // lower case
std::optional<std::string> from_hex(std::string_view text);     // nullopt: odd length or not hexadecimal
std::string to_base64(std::string_view bytes);                  // RFC 4648 section 4, padded
std::optional<std::string> from_base64(std::string_view text);  // nullopt: not that form
std::string to_base64url(std::string_view bytes);               // RFC 4648 section 5, not padded

// RFC 3986: everything but A-Z a-z 0-9 - . _ ~ becomes %XX; `/` is kept where `keep_slash`.
std::string percent_encode(std::string_view text, bool keep_slash = false);
// %XX becomes the byte; `+` becomes a blank where `plus_is_blank` (form data). nullopt: a broken escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

bool is_valid_utf8(std::string_view text);
// Appends one code point (below 0x110000; surrogates are encoded as they are).
void append_utf8(std::string& out, char32_t code_point);

// Compares secrets in time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace escapement::base
