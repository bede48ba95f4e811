#include "escapement/cli/history_view.h"

#include <cmath>

#include <fmt/format.h>

#include "escapement/cli/when.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using json::Value;

// The one member "…EventDetails" of an event; nullptr if the event has no details.
const Value* details_of(const Value& event) {
  for (const auto& [key, value] : event.members()) {
    if (key.ends_with("EventDetails") && value.is_object()) return &value;
  }
  return nullptr;
}

std::string text(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? value->as_string() : json::print(*value);
}

void append(std::string& out, std::string_view part) {
  if (part.empty()) return;
  if (!out.empty()) out += "  ";
  out += part;
}

std::string summary(const Value& details, bool full) {
  std::string out;
  append(out, text(details, "name"));
  const std::string resource_type = text(details, "resourceType");
  const std::string resource = text(details, "resource");
  append(out, resource_type.empty() ? resource : resource_type + ":" + resource);
  if (const std::string index = text(details, "index"); !index.empty()) append(out, "#" + index);
  if (const std::string length = text(details, "length"); !length.empty()) append(out, length + " items");
  const std::string error = text(details, "error");
  const std::string cause = text(details, "cause");
  if (!error.empty()) append(out, cause.empty() ? error : error + ": " + cause);
  if (error.empty()) append(out, cause);
  if (!full) return out;
  for (const char* key : {"input", "parameters", "output"}) {
    if (const std::string value = text(details, key); !value.empty()) append(out, fmt::format("{}={}", key, value));
  }
  return out;
}

Style event_style(std::string_view type) {
  if (type.ends_with("Failed") || type.ends_with("TimedOut")) return Style::red;
  if (type.ends_with("Aborted")) return Style::yellow;
  if (type.ends_with("Succeeded")) return Style::green;
  if (type.ends_with("StateEntered")) return Style::cyan;
  return Style::plain;
}

}  // namespace

base::Timestamp time_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || !value->is_number()) return {};
  return {std::llround(value->as_double() * 1e6)};
}

std::vector<Cell> history_row(const Value& event, base::Timestamp start, bool full) {
  const std::string type = text(event, "type");
  const base::Timestamp time = time_of(event, "timestamp");
  const Value* details = details_of(event);
  const std::string local = format_local(time);
  return {number_cell(text(event, "id")), Cell(local.substr(local.find(' ') + 1)),
          number_cell(fmt::format("{:+.3f} s", (time - start).as_seconds())), Cell(type, event_style(type)),
          Cell(details == nullptr ? std::string{} : summary(*details, full))};
}

}  // namespace escapement::cli
