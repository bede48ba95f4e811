// Provisioned concurrency of a function, over all its versions and aliases.
#pragma once

#include <cstdint>

#include "services/lambda/records.h"

namespace escapement::services::lambda {

// `except` names a qualifier that is not counted.
std::int64_t provisioned_total(const store::CatalogTransaction& transaction, const FunctionName& name,
                               std::string_view except = {});

}  // namespace escapement::services::lambda
