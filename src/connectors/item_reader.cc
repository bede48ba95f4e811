#include "connectors/item_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "connectors/item_manifest.h"
#include "json/parse.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;
using Items = std::vector<json::Value>;

base::Error invalid(std::string message) { return make_error(ErrorCode::invalid, std::move(message)); }

// Takes one row off the front of `text`: fields, perhaps quoted, up to the end of a line.
std::vector<std::string> take_row(std::string_view& text, char delimiter) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        fields.back() += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == delimiter) {
      fields.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else if (c != '\r' || (at + 1 < text.size() && text[at + 1] != '\n')) {
      fields.back() += c;
    }
  }
  text.remove_prefix(at);
  return fields;
}

base::Result<Items> read_json(std::string_view text, const asl::ItemReader& reader) {
  auto document = json::parse(text);
  if (!document) return invalid("The item reader's object is not JSON: " + document.error().message);
  json::Value items = *document;
  if (reader.items_pointer) {
    for (const auto& step : reader.items_pointer->steps()) {
      const auto* name = std::get_if<std::string>(&step);
      const json::Value* next = name ? items.find(*name) : nullptr;
      if (!name && items.is_array() && std::get<std::uint32_t>(step) < items.size())
        next = &items[std::get<std::uint32_t>(step)];
      if (!next) return invalid("The ItemsPointer does not lead to a value of the item reader's object.");
      const json::Value found = *next;
      items = found;
    }
  }
  if (items.is_array()) return Items(items.items().begin(), items.items().end());
  if (!reader.items_pointer || !items.is_object()) return invalid("Attempting to map over non-iterable node.");
  Items pairs;
  for (const json::Member& member : items.members())
    pairs.push_back(json::Value::object({{"Key", member.key}, {"Value", member.value}}));
  return pairs;
}

base::Result<Items> read_json_lines(std::string_view text, std::size_t items_max) {
  Items items;
  while (!text.empty() && items.size() < items_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto item = json::parse(line);
    if (!item)
      return invalid(
          fmt::format("Line {} of the item reader's object is not JSON: {}", items.size() + 1, item.error().message));
    items.push_back(std::move(*item));
  }
  return items;
}

base::Result<Items> read_content(std::string_view content, const asl::ItemReader& reader, std::size_t items_max) {
  switch (reader.input_type) {
    case asl::InputType::csv:
      return read_csv(content, reader.csv_delimiter,
                      reader.csv_headers_given ? reader.csv_headers : std::vector<std::string>(), items_max);
    case asl::InputType::jsonl:
      return read_json_lines(content, items_max);
    case asl::InputType::json:
    case asl::InputType::unspecified:
      return read_json(content, reader);
    case asl::InputType::manifest:
    case asl::InputType::parquet:
      break;
  }
  return invalid("Items of the type PARQUET are not supported by this server");
}

// What the objects hold, one after another, up to `items_max`.
base::Result<Items> read_all(const Objects& objects, const std::vector<ObjectName>& names,
                             const asl::ItemReader& reader, std::size_t items_max) {
  Items items;
  for (const ObjectName& name : names) {
    if (items.size() >= items_max) break;
    ESC_TRY(std::string packed, objects.read(name.bucket, name.key));
    ESC_TRY(const std::string content, unpacked(std::move(packed)));
    ESC_TRY(Items read, read_content(content, reader, items_max - items.size()));
    std::move(read.begin(), read.end(), std::back_inserter(items));
  }
  return items;
}

// The objects of a listing, or, with LOAD_AND_FLATTEN, what is in them.
base::Result<Items> list_objects(const Objects& objects, const asl::ItemReader& reader, const json::Value& parameters,
                                 const ReadLimits& limits, std::size_t items_max) {
  const std::string_view bucket = member_text(parameters, "Bucket");
  const bool load = reader.transformation == "LOAD_AND_FLATTEN";
  ESC_TRY(const auto found,
          objects.list(bucket, member_text(parameters, "Prefix"), load ? limits.items_max : items_max));
  if (load) {
    std::vector<ObjectName> names;
    for (const ObjectSummary& object : found) {
      if (object.size > 0) names.push_back({std::string(bucket), object.key});
    }
    return read_all(objects, names, reader, items_max);
  }
  Items items;
  items.reserve(found.size());
  for (const ObjectSummary& object : found) {
    items.push_back(json::Value::object({{"Etag", object.etag},
                                         {"Key", object.key},
                                         {"LastModified", object.modified.us / 1'000'000},
                                         {"Size", static_cast<std::int64_t>(object.size)},
                                         {"StorageClass", "STANDARD"}}));
  }
  return items;
}

}  // namespace

base::Result<Items> read_csv(std::string_view text, char delimiter, std::vector<std::string> headers,
                             std::size_t items_max) {
  if (headers.empty()) headers = take_row(text, delimiter);
  if (std::set<std::string>(headers.begin(), headers.end()).size() != headers.size())
    return invalid("CSV headers cannot contain duplicates.");
  Items items;
  while (!text.empty() && items.size() < items_max) {
    std::vector<std::string> fields = take_row(text, delimiter);
    if (fields.size() == 1 && fields[0].empty()) continue;
    fields.resize(headers.size());
    std::vector<json::Member> members;
    members.reserve(headers.size());
    for (std::size_t i = 0; i < headers.size(); ++i) members.push_back({headers[i], std::move(fields[i])});
    items.push_back(json::Value::object(std::move(members)));
  }
  return items;
}

base::Result<Items> read_items(const Objects& objects, const asl::ItemReader& reader,
                               const interpreter::MapRunPlan& plan, const ReadLimits& limits) {
  std::size_t items_max = limits.items_max;
  if (plan.items_max && *plan.items_max > 0) items_max = std::min(items_max, static_cast<std::size_t>(*plan.items_max));
  const json::Value& parameters = plan.reader_parameters;
  if (reader.resource.action == "listObjectsV2") return list_objects(objects, reader, parameters, limits, items_max);
  if (reader.resource.action != "getObject")
    return invalid(fmt::format("The item reader {} is not supported", reader.resource.arn));
  if (parameters.find("VersionId")) return invalid("Versions of objects are not supported by this server");

  const std::string_view bucket = member_text(parameters, "Bucket");
  ESC_TRY(const std::string content, objects.read(bucket, member_text(parameters, "Key")));
  base::Result<Items> items;
  if (reader.manifest_type == "ATHENA_DATA") {
    ESC_TRY(const std::vector<ObjectName> files, athena_files(content));
    items = read_all(objects, files, reader, items_max);
  } else if (reader.input_type == asl::InputType::manifest || reader.manifest_type == "S3_INVENTORY") {
    items = read_inventory(objects, bucket, content, items_max);
  } else {
    items = read_content(content, reader, items_max);
  }
  if (items && items->size() > items_max) items->resize(items_max);
  return items;
}

}  // namespace escapement::connectors
