// From JavaScript's regular expressions (without the `u` flag) to PCRE2's.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace escapement::query::jsonata {

// The pattern for PCRE2, to be compiled with the options that regex.cc gives; or why JavaScript would refuse it.
std::expected<std::string, std::string> translate_regex(std::string_view pattern);

}  // namespace escapement::query::jsonata
