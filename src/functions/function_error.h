// Error objects that the service itself gives where a function could not answer, in AWS's words.
#pragma once

#include <string>
#include <string_view>

namespace escapement::functions {

// {"errorType":"Sandbox.Timedout","errorMessage":"RequestId: … Error: Task timed out after 1.00 seconds"}
std::string sandbox_error(std::string_view request_id, std::string_view type, std::string_view message);

// "Runtime exited with error: exit status 1", "…: signal: killed", "Runtime exited without providing a reason";
// `status` as wait(2) gives it.
std::string describe_exit(int status);

}  // namespace escapement::functions
