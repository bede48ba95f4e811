// Tags of functions, event source mappings, code signing configurations and layers.
#pragma once

#include "identity/authoriser.h"
#include "json/value.h"

namespace escapement::services::lambda {

// aws:RequestTag/KEY and aws:TagKeys of a request that carries these tags.
identity::RequestContext request_tags(const json::Value& tags);

}  // namespace escapement::services::lambda
