#include "services/states/operations.h"

#include <algorithm>

#include "services/states/deletion.h"
#include "services/states/errors.h"
#include "services/states/settings.h"

namespace escapement::services::states {
namespace {

// "Logging in CloudWatch Logs", the permissions of a state machine's role; all on "*".
constexpr std::string_view kLogDeliveryActions[] = {
    "logs:CreateLogDelivery", "logs:GetLogDelivery",    "logs:UpdateLogDelivery",        "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"};

}  // namespace

base::Result<void> Operations::authorise(const wire::Call& call, std::string_view action, std::string_view resource,
                                         const identity::RequestContext& context) const {
  if (!call.principal)
    return base::make_error(base::ErrorCode::denied, "AccessDeniedException", "The request is not signed");
  return authoriser.authorise(*call.principal, action, resource, context);
}

base::Result<void> Operations::authorise_machine(const wire::Call& call, std::string_view action,
                                                 const MachineArn& arn) const {
  identity::RequestContext context;
  if (!arn.qualifier.empty()) context.emplace("states:StateMachineQualifier", arn.qualifier);
  const std::string resource = arn.unqualified();
  if (const MachinePtr known = directory.find(resource)) {
    for (const auto& [key, value] : known->tags) context.emplace("aws:ResourceTag/" + key, value);
  }
  return authorise(call, action, resource, context);
}

base::Result<void> Operations::check_log_access(const engine::MachineRevision& machine) const {
  if (!asks_for_logs(machine.settings)) return {};
  auto role = authoriser.assume_for_service(machine.role_arn, "states.amazonaws.com", "log-delivery",
                                            {{"aws:SourceArn", machine.arn}});
  const auto may = [&](std::string_view action) { return authoriser.authorise(**role, action, "*").has_value(); };
  const LogSettings settings = log_settings(machine.settings);
  if (role && std::ranges::all_of(kLogDeliveryActions, may) &&
      (!has_log_group || has_log_group(settings.region, settings.group)))
    return {};
  return base::make_error(base::ErrorCode::denied, "AccessDeniedException",
                          "The state machine IAM Role is not authorized to access the Log Destination");
}

base::Result<MachinePtr> Operations::machine(const MachineArn& arn) const {
  const std::string unqualified = arn.unqualified();
  MachinePtr found = directory.find(unqualified);
  if (found && found->deleting) {
    ESC_TRY(const bool gone, finish_deletion(directory, engine, *found));
    if (gone) found = nullptr;
  }
  if (!found) return machine_does_not_exist(arn.to_string());
  return found;
}

std::optional<std::string> optional_text(const json::Value& input, std::string_view member) {
  const json::Value* found = input.find(member);
  if (!found || !found->is_string()) return std::nullopt;
  return found->as_string();
}

bool flag(const json::Value& input, std::string_view member, bool absent) {
  const json::Value* found = input.find(member);
  return found && found->is_bool() ? found->as_bool() : absent;
}

std::size_t page_size(const json::Value& input) {
  const json::Value* found = input.find("maxResults");
  const std::int64_t wanted = found && found->is_int64() ? found->as_int64() : 0;
  return wanted <= 0 ? 100 : static_cast<std::size_t>(wanted);
}

json::Value timestamp(base::Timestamp time) { return time.as_seconds(); }

}  // namespace escapement::services::states
