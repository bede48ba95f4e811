// What other operations ask of code signing configurations.
#pragma once

#include <string_view>

#include "services/lambda/operations.h"

namespace escapement::services::lambda {

// Errors: CodeSigningConfigNotFoundException.
base::Result<void> require_code_signing_config(const store::CatalogTransaction& transaction, const wire::Call& call,
                                               std::string_view arn);

}  // namespace escapement::services::lambda
