#include "services/states/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/states/errors.h"
#include "services/states/operations.h"

namespace escapement::services::states {
namespace {

// Changes the tags of whatever `arn` names. Errors: InvalidArn, ResourceNotFound, those of `change`.
base::Result<void> change_tags(const Operations& operations, std::string_view arn,
                               const std::function<base::Result<Tags>(Tags)>& change) {
  if (arn.find(":activity:") != std::string_view::npos) {
    ESC_TRY(const ActivityArn activity, parse_activity_arn(arn));
    const auto retag = [&](std::optional<Activity> known) -> base::Result<std::optional<Activity>> {
      if (!known) return resource_not_found(arn);
      ESC_TRY(known->tags, change(std::move(known->tags)));
      return known;
    };
    ESC_CHECK(operations.directory.change_activity(activity.region, activity.name, retag));
    return {};
  }
  ESC_TRY(const MachineArn machine, parse_machine_arn(arn));
  const auto retag = [&](MachineChange& known) -> base::Result<void> {
    if (!known.machine || !machine.qualifier.empty()) return resource_not_found(arn);
    ESC_TRY(known.machine->tags, change(std::move(known.machine->tags)));
    return {};
  };
  ESC_CHECK(operations.directory.change(machine.region, machine.name, retag));
  return {};
}

base::Result<void> check_arn(std::string_view arn) {
  if (arn.find(":activity:") != std::string_view::npos) {
    ESC_CHECK(parse_activity_arn(arn));
  } else {
    ESC_CHECK(parse_machine_arn(arn));
  }
  return {};
}

}  // namespace

base::Result<Tags> merged_tags(Tags tags, const Tags& added, std::size_t tags_max) {
  for (const auto& [key, value] : added) {
    const auto found = std::find_if(tags.begin(), tags.end(), [&](const auto& tag) { return tag.first == key; });
    if (found == tags.end()) {
      tags.emplace_back(key, value);
    } else {
      found->second = value;
    }
  }
  if (tags.size() > tags_max) {
    return base::make_error(base::ErrorCode::limit_exceeded, "TooManyTags",
                            fmt::format("A resource may have at most {} tags", tags_max));
  }
  return tags;
}

identity::RequestContext request_tags(const Tags& tags) {
  identity::RequestContext context;
  for (const auto& [key, value] : tags) {
    context.emplace("aws:RequestTag/" + key, value);
    context.emplace("aws:TagKeys", key);
  }
  return context;
}

Answer tag_resource(const Operations& operations, const wire::Call& call) {
  const std::string_view arn = member_text(call.input, "resourceArn");
  ESC_CHECK(check_arn(arn));
  const Tags added = tags_from_json(call.input.find("tags"));
  ESC_CHECK(operations.authorise(call, "states:TagResource", arn, request_tags(added)));
  ESC_CHECK(change_tags(operations, arn,
                        [&](Tags tags) { return merged_tags(std::move(tags), added, operations.quotas.tags_max); }));
  return json::Value::object({});
}

Answer untag_resource(const Operations& operations, const wire::Call& call) {
  const std::string_view arn = member_text(call.input, "resourceArn");
  ESC_CHECK(check_arn(arn));
  ESC_CHECK(operations.authorise(call, "states:UntagResource", arn));
  const json::Value* keys = call.input.find("tagKeys");
  const auto is_named = [&](const std::pair<std::string, std::string>& tag) {
    if (!keys || !keys->is_array()) return false;
    const auto items = keys->items();
    return std::any_of(items.begin(), items.end(),
                       [&](const json::Value& key) { return key.is_string() && key.as_string() == tag.first; });
  };
  ESC_CHECK(change_tags(operations, arn, [&](Tags tags) -> base::Result<Tags> {
    std::erase_if(tags, is_named);
    return tags;
  }));
  return json::Value::object({});
}

Answer list_tags_for_resource(const Operations& operations, const wire::Call& call) {
  const std::string_view arn = member_text(call.input, "resourceArn");
  ESC_CHECK(check_arn(arn));
  ESC_CHECK(operations.authorise(call, "states:ListTagsForResource", arn));
  if (const auto activity_arn = parse_activity_arn(arn)) {
    const auto activity = operations.directory.find_activity(activity_arn->region, activity_arn->name);
    if (!activity) return resource_not_found(arn);
    return json::Value::object({{"tags", to_json(activity->tags)}});
  }
  const MachinePtr machine = operations.directory.find(arn);
  if (!machine) return resource_not_found(arn);
  return json::Value::object({{"tags", to_json(machine->tags)}});
}

}  // namespace escapement::services::states
