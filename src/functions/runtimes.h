// Lambda's runtime identifiers, and how this machine runs them.
//
// Every identifier of the API model is accepted in API calls; only some can run here. Which program runs a runtime is a
// matter of the options, not of the identifier's version: nodejs12.x to nodejs24.x all run on the node that is
// installed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace escapement::functions {

enum class RuntimeFamily : std::uint8_t { node, python, custom, other };

RuntimeFamily runtime_family(std::string_view runtime);

// "nodejs20.x" → 20, "python3.12" → 3012; 0 for others.
int runtime_version(std::string_view runtime);

// Names what this server runs as the runtime, in the form of AWS's runtime version ARNs.
std::string runtime_version_arn(std::string_view region, std::string_view runtime);

}  // namespace escapement::functions
