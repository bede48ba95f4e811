#include <fmt/format.h>

#include <atomic>
#include <memory>

#include "connectors/connectors.h"
#include "services/states/errors.h"
#include "services/states/operations.h"
#include "services/states/settings.h"
#include "services/states/tags.h"

namespace escapement::services::states {
namespace {

// One GetActivityTask, from the call to its answer. Shared by the queue, the engine's callback and the connection.
class Poll : public std::enable_shared_from_this<Poll> {
 public:
  Poll(const Operations& operations, std::string arn, std::string worker, wire::Respond respond)
      : operations_(operations), arn_(std::move(arn)), worker_(std::move(worker)), respond_(std::move(respond)) {}

  void wait() {
    const auto place = operations_.connectors.activities().poll(
        arn_,
        [self = shared_from_this()](std::optional<connectors::ActivityTask> task) { self->take(std::move(task)); });
    if (!place) {
      respond_(
          base::make_error(base::ErrorCode::limit_exceeded, "ActivityWorkerLimitExceeded",
                           "The maximum number of workers concurrently polling for activity tasks has been reached"));
      return;
    }
    place_ = *place;
    if (gone_) operations_.connectors.activities().leave(arn_, place_);
  }

  // The worker went away.
  void leave() {
    gone_ = true;
    operations_.connectors.activities().leave(arn_, place_);
  }

 private:
  // Tells the engine before the worker hears of it: a task that timed out or was cancelled meanwhile is not handed out.
  void take(std::optional<connectors::ActivityTask> task) {
    if (!task) return respond_(json::Value::object({}));
    if (gone_) return operations_.connectors.activities().put_back(arn_, std::move(*task));
    const engine::TaskKey key = task->key;
    operations_.engine.submit(key.execution, interpreter::ActivityTaken{key.task, worker_},
                              [self = shared_from_this(), task = std::move(*task)](base::Result<void> done) mutable {
                                if (done) {
                                  return self->respond_(json::Value::object(
                                      {{"input", std::move(task.input)}, {"taskToken", std::move(task.token)}}));
                                }
                                const base::ErrorCode why = done.error().code;
                                if (why == base::ErrorCode::conflict || why == base::ErrorCode::not_found)
                                  return self->wait();
                                // The server's own trouble: the task is for whoever asks next.
                                self->operations_.connectors.activities().put_back(self->arn_, std::move(task));
                                self->respond_(std::move(done).error());
                              });
  }

  const Operations& operations_;
  std::string arn_;
  std::string worker_;
  wire::Respond respond_;
  std::atomic<std::uint64_t> place_ = 0;
  std::atomic<bool> gone_ = false;
};

}  // namespace

Answer create_activity(const Operations& operations, const wire::Call& call) {
  const std::string name(member_text(call.input, "name"));
  ESC_CHECK(check_name(name));
  const ActivityArn arn{call.region, call.account, name};
  const Tags tags = tags_from_json(call.input.find("tags"));
  ESC_CHECK(operations.authorise(call, "states:CreateActivity", arn.to_string(), request_tags(tags)));
  ESC_TRY(const json::Value encryption, encryption_configuration(call.input));
  const std::size_t there = operations.directory.count_activities(call.region);

  const auto create = [&](std::optional<Activity> known) -> base::Result<std::optional<Activity>> {
    if (known && known->encryption == encryption) return known;
    if (known) {
      return base::make_error(base::ErrorCode::already_exists, "ActivityAlreadyExists",
                              fmt::format("Activity Already Exists: '{}'", known->arn));
    }
    if (there >= operations.quotas.activities_max) {
      return base::make_error(
          base::ErrorCode::limit_exceeded, "ActivityLimitExceeded",
          fmt::format("The limit of {} activities has been reached", operations.quotas.activities_max));
    }
    Activity activity{arn.to_string(), name, call.region, operations.clock.now(), {}, encryption};
    ESC_TRY(activity.tags, merged_tags({}, tags, operations.quotas.tags_max));
    return activity;
  };
  ESC_TRY(const auto activity, operations.directory.change_activity(call.region, name, create));
  return json::Value::object({{"activityArn", activity->arn}, {"creationDate", timestamp(activity->created)}});
}

Answer describe_activity(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const ActivityArn arn, parse_activity_arn(member_text(call.input, "activityArn")));
  ESC_CHECK(operations.authorise(call, "states:DescribeActivity", arn.to_string()));
  const auto activity = operations.directory.find_activity(arn.region, arn.name);
  if (!activity) return activity_does_not_exist(arn.to_string());
  return json::Value::object({{"activityArn", activity->arn},
                              {"creationDate", timestamp(activity->created)},
                              {"encryptionConfiguration", activity->encryption},
                              {"name", activity->name}});
}

Answer delete_activity(const Operations& operations, const wire::Call& call) {
  ESC_TRY(const ActivityArn arn, parse_activity_arn(member_text(call.input, "activityArn")));
  ESC_CHECK(operations.authorise(call, "states:DeleteActivity", arn.to_string()));
  ESC_CHECK(operations.directory.change_activity(
      arn.region, arn.name,
      [](std::optional<Activity>) -> base::Result<std::optional<Activity>> { return std::optional<Activity>(); }));
  return json::Value::object({});
}

Answer list_activities(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(
      operations.authorise(call, "states:ListActivities", ActivityArn{call.region, call.account, "*"}.to_string()));
  const std::string listing = "activities " + call.region;
  std::string after;
  if (const std::string_view token = member_text(call.input, "nextToken"); !token.empty()) {
    ESC_TRY(after, operations.page_tokens.parse(listing, token));
  }
  const std::size_t count = page_size(call.input);
  std::vector<Activity> activities = operations.directory.list_activities(call.region, after, count + 1);
  json::ObjectBuilder answer;
  if (activities.size() > count) {
    activities.pop_back();
    answer.set("nextToken", operations.page_tokens.make(listing, activities.back().name));
  }
  std::vector<json::Value> items;
  for (const Activity& activity : activities) {
    items.push_back(json::Value::object(
        {{"activityArn", activity.arn}, {"creationDate", timestamp(activity.created)}, {"name", activity.name}}));
  }
  answer.set("activities", json::Value::array(std::move(items)));
  return std::move(answer).build();
}

void get_activity_task(const Operations& operations, wire::Call call, wire::Respond respond) {
  auto arn = parse_activity_arn(member_text(call.input, "activityArn"));
  if (!arn) return respond(std::move(arn).error());
  if (auto allowed = operations.authorise(call, "states:GetActivityTask", arn->to_string()); !allowed)
    return respond(std::move(allowed).error());
  if (!operations.directory.activity_exists(arn->to_string()))
    return respond(activity_does_not_exist(arn->to_string()));
  auto poll = std::make_shared<Poll>(operations, arn->to_string(), std::string(member_text(call.input, "workerName")),
                                     std::move(respond));
  if (call.on_disconnect) call.on_disconnect([poll] { poll->leave(); });
  poll->wait();
}

}  // namespace escapement::services::states
