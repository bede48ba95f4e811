// Recognising which operation a request asks for, reading its input and rendering its output, in each protocol.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "wire/form.h"
#include "wire/model.h"
#include "wire/rest.h"
#include "wire/sigv4.h"

namespace escapement::wire {

// What a request asks for. Its views point into the request.
struct Recognised {
  const Model* model = nullptr;          // nullptr: no AWS request
  const Operation* operation = nullptr;  // nullptr: the service has no such operation; `error` says so
  RestMatch rest;                        // rest-json
  std::optional<Form> form;              // query
  base::Error error;
};

// `scope` is the one of the request's signature.
Recognised recognise(const http::Request& request, const CredentialScope& scope);

// Errors: invalid, named as the protocol names a body that cannot be read.
base::Result<json::Value> read_input(const Recognised& recognised, const http::Request& request,
                                     std::size_t json_depth_max);

http::Response render_output(const Model& model, const Operation& operation, const json::Value& output,
                             std::string_view request_id);

}  // namespace escapement::wire
