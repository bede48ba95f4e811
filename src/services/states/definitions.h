// Definitions as the API meets them.
#pragma once

#include <memory>
#include <string_view>

#include "asl/program.h"
#include "base/result.h"

namespace escapement::services::states {

// Errors: InvalidDefinition, with all that is wrong.
base::Result<std::shared_ptr<const asl::Program>> compile_definition(std::string_view definition, bool express);

}  // namespace escapement::services::states
