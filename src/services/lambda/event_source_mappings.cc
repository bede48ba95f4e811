// Event source mappings: their records. Which sources events can come from is said by Operations::offers_event_source;
// a mapping for any other is refused, so that none is kept that would never deliver.
#include "base/random.h"
#include "services/lambda/errors.h"
#include "services/lambda/listing.h"
#include "services/lambda/records.h"

namespace escapement::services::lambda {
namespace {

constexpr std::size_t kMappingsPageMax = 100;

std::string folder(const wire::Call& call) { return "lambda/mapping/" + call.region + "/"; }

json::Value empty_object() { return json::Value::object(std::vector<json::Member>{}); }

std::string mapping_arn(const wire::Call& call, std::string_view uuid) {
  return "arn:aws:lambda:" + call.region + ":" + call.account + ":event-source-mapping:" + std::string(uuid);
}

bool is_stream(std::string_view source) {
  return source.find(":dynamodb:") != std::string_view::npos || source.find(":kinesis:") != std::string_view::npos;
}

json::Value shown(const json::Value& record, base::Timestamp now) {
  json::ObjectBuilder builder(record);
  const bool settled = now.us >= number(record, "Settles").value_or(0);
  const std::string_view state = member_text(record, "State");
  if (settled && (state == "Creating" || state == "Enabling" || state == "Updating")) builder.set("State", "Enabled");
  if (settled && state == "Disabling") builder.set("State", "Disabled");
  builder.erase("Settles");
  return std::move(builder).build();
}

bool is_gone(const json::Value& record, base::Timestamp now) {
  return member_text(record, "State") == "Deleting" && now.us >= number(record, "Settles").value_or(0);
}

base::Error absent() { return not_found("The resource you requested does not exist."); }

json::Value new_mapping(const wire::Call& call, const FunctionName& function, base::Timestamp now,
                        base::Timestamp settles) {
  const json::Value& input = call.input;
  const std::string_view source = member_text(input, "EventSourceArn");
  const std::string uuid = base::random_uuid();
  json::ObjectBuilder builder;
  builder.set("UUID", uuid)
      .set("EventSourceMappingArn", mapping_arn(call, uuid))
      .set("FunctionArn", function.qualified_arn());
  builder.set("EventSourceArn", source)
      .set("BatchSize", is_stream(source) ? 100 : 10)
      .set("MaximumBatchingWindowInSeconds", 0);
  builder.set("FunctionResponseTypes", json::Value::array({}));
  if (is_stream(source)) {
    builder.set("BisectBatchOnFunctionError", false)
        .set("MaximumRecordAgeInSeconds", -1)
        .set("MaximumRetryAttempts", -1);
    builder.set("ParallelizationFactor", 1)
        .set("TumblingWindowInSeconds", 0)
        .set("LastProcessingResult", "No records processed");
    builder.set("DestinationConfig", json::Value::object({{"OnFailure", empty_object()}}));
    builder.set("StateTransitionReason", "User action");
  } else {
    builder.set("StateTransitionReason", "USER_INITIATED");
  }
  for (const char* const member :
       {"BatchSize", "MaximumBatchingWindowInSeconds", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts", "ParallelizationFactor", "TumblingWindowInSeconds", "DestinationConfig",
        "StartingPosition", "StartingPositionTimestamp", "FunctionResponseTypes", "ScalingConfig"}) {
    if (has(input, member)) builder.set(member, *input.find(member));
  }
  if (has(input, "FilterCriteria") && has(*input.find("FilterCriteria"), "Filters") &&
      input.find("FilterCriteria")->find("Filters")->size() > 0) {
    builder.set("FilterCriteria", *input.find("FilterCriteria"));
  }
  builder.set("LastModified", now.as_seconds())
      .set("State", flag(input, "Enabled", true) ? "Creating" : "Disabled")
      .set("Settles", settles.us);
  return std::move(builder).build();
}

}  // namespace

Answer create_event_source_mapping(const Operations& operations, const wire::Call& call) {
  const std::string source(member_text(call.input, "EventSourceArn"));
  ESC_CHECK(operations.authorise(call, "CreateEventSourceMapping", "*"));
  if (source.empty() && !has(call.input, "SelfManagedEventSource"))
    return invalid_parameter("Unrecognized event source.");
  if (is_stream(source) && !has(call.input, "StartingPosition")) {
    return invalid_parameter(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not "
        "be null.");
  }
  ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
  const store::Catalog::View view = operations.catalog.view();
  if (!find_function(view, function)) return invalid_parameter("Function does not exist");
  if (!function.qualifier.empty()) ESC_CHECK(require_qualifier(view, function));
  if (!operations.offers_event_source || !operations.offers_event_source(source)) {
    if (source.find(":dynamodb:") != std::string::npos) return invalid_parameter("Stream not found: " + source);
    return base::make_error(base::ErrorCode::unsupported, "InvalidParameterValueException",
                            "This server has no events from " + (source.empty() ? "self-managed sources" : source));
  }
  const base::Timestamp now = operations.clock.now();
  const json::Value record = new_mapping(call, function, now, now + operations.options.settle_time);
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    std::string twin;
    transaction.scan(folder(call), [&](std::string_view key, std::string_view) {
      const auto other = get_json(transaction, std::string(key));
      if (other && !is_gone(*other, now) && member_text(*other, "EventSourceArn") == source &&
          member_text(*other, "FunctionArn") == member_text(record, "FunctionArn"))
        twin = member_text(*other, "UUID");
      return twin.empty();
    });
    if (!twin.empty()) {
      return conflict("The event source arn (\" " + source + " \") and function (\" " + function.name +
                      " \") provided mapping already exists. Please update or delete the existing mapping with UUID " +
                      twin);
    }
    put_json(transaction, folder(call) + std::string(member_text(record, "UUID")), record);
    if (has(call.input, "Tags"))
      put_json(transaction, "lambda/tags/" + std::string(member_text(record, "EventSourceMappingArn")),
               *call.input.find("Tags"));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return shown(record, base::Timestamp{});
}

Answer update_event_source_mapping(const Operations& operations, const wire::Call& call) {
  const std::string uuid(member_text(call.input, "UUID"));
  ESC_CHECK(operations.authorise(call, "UpdateEventSourceMapping", mapping_arn(call, uuid)));
  const base::Timestamp now = operations.clock.now();
  json::Value record;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto present = get_json(transaction, folder(call) + uuid);
    if (!present || is_gone(*present, now)) return absent();
    json::ObjectBuilder builder(*present);
    for (const json::Member& member : call.input.members()) {
      if (member.key != "UUID" && member.key != "FunctionName" && member.key != "Enabled")
        builder.set(member.key, member.value);
    }
    if (has(call.input, "FunctionName")) {
      ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
      if (!find_function(transaction, function)) return invalid_parameter("Function does not exist");
      builder.set("FunctionArn", function.qualified_arn());
    }
    const bool enabled = flag(call.input, "Enabled", member_text(shown(*present, now), "State") == "Enabled");
    builder.set("State", enabled ? "Updating" : "Disabling")
        .set("LastModified", now.as_seconds())
        .set("Settles", (now + operations.options.settle_time).us);
    record = std::move(builder).build();
    put_json(transaction, folder(call) + uuid, record);
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return shown(record, base::Timestamp{});
}

Answer get_event_source_mapping(const Operations& operations, const wire::Call& call) {
  const std::string uuid(member_text(call.input, "UUID"));
  ESC_CHECK(operations.authorise(call, "GetEventSourceMapping", mapping_arn(call, uuid)));
  const base::Timestamp now = operations.clock.now();
  const auto record = get_json(operations.catalog.view(), folder(call) + uuid);
  if (!record || is_gone(*record, now)) return absent();
  return shown(*record, now);
}

Answer delete_event_source_mapping(const Operations& operations, const wire::Call& call) {
  const std::string uuid(member_text(call.input, "UUID"));
  ESC_CHECK(operations.authorise(call, "DeleteEventSourceMapping", mapping_arn(call, uuid)));
  const base::Timestamp now = operations.clock.now();
  json::Value record;
  const auto change = [&](store::CatalogTransaction& transaction) -> base::Result<void> {
    const auto present = get_json(transaction, folder(call) + uuid);
    if (!present || is_gone(*present, now)) return absent();
    record = std::move(json::ObjectBuilder(*present)
                           .set("State", "Deleting")
                           .set("Settles", (now + operations.options.settle_time).us))
                 .build();
    put_json(transaction, folder(call) + uuid, record);
    transaction.erase("lambda/tags/" + mapping_arn(call, uuid));
    return {};
  };
  ESC_CHECK(operations.catalog.update(change));
  return shown(record, base::Timestamp{});
}

Answer list_event_source_mappings(const Operations& operations, const wire::Call& call) {
  ESC_CHECK(operations.authorise(call, "ListEventSourceMappings", "*"));
  std::string function_arn;
  if (has(call.input, "FunctionName")) {
    ESC_TRY(const FunctionName function, parse_function_name(call, member_text(call.input, "FunctionName")));
    ESC_CHECK(require_function(operations.catalog.view(), function));
    function_arn = function.qualified_arn();
  }
  const std::string_view source = member_text(call.input, "EventSourceArn");
  const store::Catalog::View view = operations.catalog.view();
  const base::Timestamp now = operations.clock.now();
  std::vector<ListedItem> items;
  view.scan(folder(call), [&](std::string_view key, std::string_view) {
    const auto record = get_json(view, std::string(key));
    if (!record || is_gone(*record, now)) return true;
    if (!source.empty() && member_text(*record, "EventSourceArn") != source) return true;
    if (!function_arn.empty() && member_text(*record, "FunctionArn") != function_arn) return true;
    items.push_back({std::string(key), shown(*record, now)});
    return true;
  });
  return page_of(call, "EventSourceMappings", std::move(items), kMappingsPageMax);
}

}  // namespace escapement::services::lambda
