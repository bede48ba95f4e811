// Tags of state machines and activities.
#pragma once

#include "base/result.h"
#include "identity/authoriser.h"
#include "services/states/machine.h"

namespace escapement::services::states {

// `added` over `tags`, in the order of their first appearance. Errors: TooManyTags.
base::Result<Tags> merged_tags(Tags tags, const Tags& added, std::size_t tags_max);

// aws:RequestTag/KEY and aws:TagKeys of a request that sets `tags`.
identity::RequestContext request_tags(const Tags& tags);

}  // namespace escapement::services::states
