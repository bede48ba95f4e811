// Any text as a policy: reading, checking and evaluating it neither crashes nor takes long.
#include <cstdint>
#include <string_view>

#include "identity/evaluate.h"
#include "identity/policy_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace escapement::identity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)check_policy(text, PolicyUse::identity);
  (void)check_policy(text, PolicyUse::trust);
  (void)find_statements(text);
  const auto policy = compile_policy(text);
  if (!policy) return 0;
  Principal principal;
  principal.account = "000000000000";
  principal.arn = "arn:aws:iam::000000000000:user/u";
  principal.tags = {{"team", "red"}};
  const RequestContext context{{"aws:SourceIp", "127.0.0.1"}, {"aws:TagKeys", "a"}, {"aws:TagKeys", "b"}};
  const Question question{
      principal, "states:StartExecution", "arn:aws:states:us-east-1:000000000000:stateMachine:m", context, {}};
  (void)evaluate(**policy, question);
  (void)evaluate_resource_policy(**policy, question);
  return 0;
}
