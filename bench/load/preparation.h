// What scenarios set up before the load: roles, state machines, a function. Names are fixed, so that a second run finds
// them.
#pragma once

#include <string>

#include "escapement/client/api.h"
#include "load/connections.h"
#include "load/signed_request.h"

namespace escapement::load {

// Creates or updates the state machine bench-NAME with a role that its definition needs. The answer is its ARN.
base::Result<std::string> prepare_machine(client::Api& api, const std::string& name, const std::string& definition);
// The Node.js function bench-echo, warm. The answer is its ARN.
base::Result<std::string> prepare_function(client::Api& api);
base::Result<std::string> prepare_activity(client::Api& api);

// Where the API's server is, for drive(). Errors: unsupported (not plain HTTP over TCP).
base::Result<Address> address_of(const client::Api& api);
SignedRequest states_request(const client::Api& api, const std::string& operation);

// A Wait by seconds, ending: what `starts` and `pending` start.
std::string wait_seconds_definition();
// A Wait until a time, ending: what `fire` starts.
std::string wait_until_definition();
// The article's machine: Wait by seconds, then the function.
std::string wait_function_definition(const std::string& function_arn);
std::string pass_choice_pass_definition();
std::string activity_definition(const std::string& activity_arn);

}  // namespace escapement::load
