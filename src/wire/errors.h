// How each protocol tells an error: its name, HTTP status, and the form of the answer.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "wire/model.h"
#include "wire/sigv4.h"

namespace escapement::wire {

// The answer to `error`, in the service's protocol. The status is the model's for that error, else the one that AWS
// gives its common errors, else by the error's code (500 for what is the server's own fault).
http::Response render_error(const base::Error& error, const Model& model, std::string_view request_id);

// Whether no API named the error and the server itself failed: such a message is for the log, not for the caller.
bool is_own_fault(const base::Error& error);

// The HTTP status that the answer to `error` has.
int error_status(const base::Error& error, const Model& model);

// A signature's fault under the name that the protocol has for it.
base::Error auth_error(const SignatureError& fault, Protocol protocol);

// Errors of requests that belong to no service.
http::Response render_unknown(int status, std::string_view name, std::string_view message, std::string_view request_id);

}  // namespace escapement::wire
