// Which fields each type of state has, and in which query language.
#include <algorithm>

#include <fmt/format.h>

#include "asl/compiler.h"

namespace escapement::asl {
namespace {

enum Types : unsigned {
  kPass = 1u << unsigned(StateType::pass),
  kTask = 1u << unsigned(StateType::task),
  kChoice = 1u << unsigned(StateType::choice),
  kWait = 1u << unsigned(StateType::wait),
  kSucceed = 1u << unsigned(StateType::succeed),
  kFail = 1u << unsigned(StateType::fail),
  kParallel = 1u << unsigned(StateType::parallel),
  kMap = 1u << unsigned(StateType::map),
  kWorkers = kTask | kParallel | kMap,
  kAll = 0xFF,
};

enum class Language : std::uint8_t { both, jsonpath, jsonata };

struct Field {
  std::string_view name;
  unsigned types;
  Language language;
};

constexpr Field kFields[] = {
    {"Type", kAll, Language::both},
    {"Comment", kAll, Language::both},
    {"QueryLanguage", kAll, Language::both},
    {"Next", kPass | kWait | kWorkers, Language::both},
    {"End", kPass | kWait | kWorkers, Language::both},
    {"Assign", kPass | kWait | kChoice | kWorkers, Language::both},
    {"InputPath", kAll & ~kFail, Language::jsonpath},
    {"OutputPath", kAll & ~kFail, Language::jsonpath},
    {"Output", kAll & ~kFail, Language::jsonata},
    {"Parameters", kPass | kWorkers, Language::jsonpath},
    {"ResultPath", kPass | kWorkers, Language::jsonpath},
    {"ResultSelector", kWorkers, Language::jsonpath},
    {"Arguments", kTask | kParallel, Language::jsonata},
    {"Retry", kWorkers, Language::both},
    {"Catch", kWorkers, Language::both},
    {"Result", kPass, Language::jsonpath},
    {"Resource", kTask, Language::both},
    {"TimeoutSeconds", kTask, Language::both},
    {"TimeoutSecondsPath", kTask, Language::jsonpath},
    {"HeartbeatSeconds", kTask, Language::both},
    {"HeartbeatSecondsPath", kTask, Language::jsonpath},
    {"Credentials", kTask, Language::both},
    {"Choices", kChoice, Language::both},
    {"Default", kChoice, Language::both},
    {"Seconds", kWait, Language::both},
    {"SecondsPath", kWait, Language::jsonpath},
    {"Timestamp", kWait, Language::both},
    {"TimestampPath", kWait, Language::jsonpath},
    {"Error", kFail, Language::both},
    {"ErrorPath", kFail, Language::jsonpath},
    {"Cause", kFail, Language::both},
    {"CausePath", kFail, Language::jsonpath},
    {"Branches", kParallel, Language::both},
    {"ItemProcessor", kMap, Language::both},
    {"Iterator", kMap, Language::both},
    {"ItemsPath", kMap, Language::jsonpath},
    {"Items", kMap, Language::jsonata},
    {"ItemSelector", kMap, Language::both},
    {"MaxConcurrency", kMap, Language::both},
    {"MaxConcurrencyPath", kMap, Language::jsonpath},
    {"ItemReader", kMap, Language::both},
    {"ItemBatcher", kMap, Language::both},
    {"ResultWriter", kMap, Language::both},
    {"ToleratedFailureCount", kMap, Language::both},
    {"ToleratedFailureCountPath", kMap, Language::jsonpath},
    {"ToleratedFailurePercentage", kMap, Language::both},
    {"ToleratedFailurePercentagePath", kMap, Language::jsonpath},
    {"Label", kMap, Language::both},
};

}  // namespace

void check_supported_fields(const Reader& reader, StateType type) {
  for (const json::Member& member : reader.object.members()) {
    const auto* field =
        std::find_if(std::begin(kFields), std::end(kFields), [&](const Field& f) { return f.name == member.key; });
    if (field == std::end(kFields) || (field->types & (1u << unsigned(type))) == 0) {
      reader.checker.schema_rule(fmt::format("Field '{}' is not supported", member.key), reader.place);
      continue;
    }
    const Language wrong = reader.jsonata() ? Language::jsonpath : Language::jsonata;
    if (field->language != wrong) continue;
    reader.checker.schema_rule(
        fmt::format("The QueryLanguage is set to '{}', but field '{}' is only supported for the '{}' QueryLanguage",
                    reader.jsonata() ? "JSONata" : "JSONPath", member.key, reader.jsonata() ? "JSONPath" : "JSONata"),
        reader.place);
  }
}

}  // namespace escapement::asl
