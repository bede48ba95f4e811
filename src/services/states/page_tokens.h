// Tokens of paged listings. A token says where to go on and which listing it belongs to, is good for 24 hours, and
// carries a message authentication code, so it can neither be forged nor be used with another request.
//
// Threading: any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace escapement::services::states {

class PageTokens {
 public:
  // `key` stays the same for the data set's life, so that tokens outlive a restart.
  PageTokens(std::string key, const base::Clock& clock) : key_(std::move(key)), clock_(clock) {}

  // `listing` names the operation and everything of the request that the listing depends on.
  std::string make(std::string_view listing, std::string_view position) const;
  // The position. Errors: InvalidToken.
  base::Result<std::string> parse(std::string_view listing, std::string_view token) const;

 private:
  std::string mac(std::string_view listing, std::string_view body) const;

  std::string key_;
  const base::Clock& clock_;
};

}  // namespace escapement::services::states
