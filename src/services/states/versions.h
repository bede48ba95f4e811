// Publishing versions.
#pragma once

#include <string>

#include "base/result.h"
#include "services/states/machine_directory.h"

namespace escapement::services::states {

// The version of the machine's current revision, made if there is none. Errors: ServiceQuotaExceededException.
base::Result<std::uint32_t> publish_current(Machine& machine, std::string description, base::Timestamp now,
                                            std::size_t versions_max);

}  // namespace escapement::services::states
