#include "services/states/redrive_tokens.h"

namespace escapement::services::states {

std::optional<base::Timestamp> RedriveTokens::find(const std::string& execution_arn, const std::string& token,
                                                   base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(execution_arn);
  if (found == tokens_.end()) return std::nullopt;
  for (Token& known : found->second) {
    if (known.text != token || now - known.used > kLifetime) continue;
    known.used = now;
    return known.redriven;
  }
  return std::nullopt;
}

void RedriveTokens::add(const std::string& execution_arn, std::string token, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (tokens_.size() >= kExecutionsMax) tokens_.clear();
  std::deque<Token>& known = tokens_[execution_arn];
  if (known.size() == kTokensMax) known.pop_front();
  known.push_back({std::move(token), now, now});
}

}  // namespace escapement::services::states
