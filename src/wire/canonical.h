// The canonical form of a request, which Signature Version 4 signs ("Create a signed AWS API request", step 1).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace escapement::wire {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kTerminator = "aws4_request";

// Each appends to `out`.

// The path as every service but S3 wants it: `.`, `..` and repeated slashes resolved where `normalise`, then each byte
// that is not unreserved encoded, so that an escape on the wire is escaped once more.
void append_canonical_path(std::string& out, std::string_view path, bool normalise);
// Whether resolving would change the path.
bool path_needs_normalising(std::string_view path);

// The parameters, decoded, encoded afresh, sorted by name and then by value. Parameters named `left_out` or
// `left_out_too` are dropped (the signature itself; an unsigned token).
void append_canonical_query(std::string& out, std::string_view query, std::string_view left_out = {},
                            std::string_view left_out_too = {});

// A field's value without blanks at the ends, inner runs of white space as one blank.
void append_canonical_value(std::string& out, std::string_view value);

// "20150830T123600Z" strictly. Errors: invalid.
base::Result<base::Timestamp> parse_amz_date(std::string_view text);

}  // namespace escapement::wire
