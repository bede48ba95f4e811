// The condition keys that a policy's text asks for: in Condition elements, and as variables.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace escapement::services::iam {

// Names as they are written. A text that is no policy adds nothing.
void add_condition_keys(std::string_view document, std::set<std::string>& keys);

}  // namespace escapement::services::iam
