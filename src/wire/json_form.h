// The AWS JSON form of a shape, in both directions.
//
// In a Value blobs are raw bytes and timestamps are seconds; on the wire blobs are base64. Members that the model does
// not know are dropped both ways, and so are nulls in structures, as AWS does.
#pragma once

#include <string>

#include "base/result.h"
#include "json/value.h"
#include "wire/model.h"

namespace escapement::wire {

// base64: a request from the wire. raw: a call from inside the server, which names members as the model does.
enum class BlobForm { base64, raw };

// Errors: invalid, named SerializationException, where a type is not the model's.
base::Result<json::Value> from_json(const json::Value& body, const Shape& shape, BlobForm blobs = BlobForm::base64);

// Appends the text of `value`. A value of another type than the model's is printed as it is.
void append_json(std::string& out, const json::Value& value, const Shape& shape,
                 TimestampFormat timestamps = TimestampFormat::by_location);

}  // namespace escapement::wire
