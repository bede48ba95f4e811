// The client tokens of redrives, so that a call that is repeated is answered as the first one was ("RedriveExecution":
// the last ten tokens of an execution, for 15 minutes after their last use).
//
// In memory only: after a restart a repeated call finds the execution running.
// Threading: any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"

namespace escapement::services::states {

class RedriveTokens {
 public:
  // When the redrive with this token was made, if it is remembered; counts as a use.
  std::optional<base::Timestamp> find(const std::string& execution_arn, const std::string& token, base::Timestamp now);
  void add(const std::string& execution_arn, std::string token, base::Timestamp now);

 private:
  static constexpr std::size_t kTokensMax = 10;
  static constexpr std::size_t kExecutionsMax = 10'000;  // beyond it all are forgotten
  static constexpr base::Duration kLifetime = base::Duration::seconds(15 * 60);

  struct Token {
    std::string text;
    base::Timestamp redriven;
    base::Timestamp used;
  };

  std::mutex mutex_;
  std::map<std::string, std::deque<Token>> tokens_;  // guarded by mutex_; by execution, the oldest first
};

}  // namespace escapement::services::states
