// The REST-JSON protocol: operations are found by method and path; members travel in the path, the query, the header
// fields and the body, as the model places them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "json/value.h"
#include "wire/model.h"

namespace escapement::wire {

struct RestMatch {
  const Operation* operation = nullptr;
  std::vector<std::pair<std::string_view, std::string>> labels;  // decoded
};

// Finds the operation of a request; `operation` is nullptr where none fits. Of several the one with the most literal
// segments wins, and a fixed query ("?List=ALL") must be there.
RestMatch match_rest(const Model& model, const http::Request& request);

// Gathers the operation's input. Errors: invalid, named SerializationException or ValidationException.
base::Result<json::Value> read_rest(const RestMatch& match, const http::Request& request, std::size_t json_depth_max);

// The answer. A status member of the output wins over the operation's own status.
http::Response render_rest(const Operation& operation, const json::Value& output, std::string_view request_id);

}  // namespace escapement::wire
