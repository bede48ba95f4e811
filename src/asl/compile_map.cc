// The fields of Map that are objects of their own: ItemReader, ItemBatcher, ResultWriter; and the small ones.
#include <fmt/format.h>

#include <algorithm>

#include "asl/compiler.h"
#include "base/codec.h"

namespace escapement::asl {
namespace {

using json::Value;

constexpr std::int64_t kUnbounded = INT64_MAX;

InputType input_type(const std::string& text) {
  if (text == "JSON") return InputType::json;
  if (text == "JSONL") return InputType::jsonl;
  if (text == "CSV") return InputType::csv;
  if (text == "MANIFEST") return InputType::manifest;
  if (text == "PARQUET") return InputType::parquet;
  return InputType::unspecified;
}

char csv_delimiter(const std::string& name) {
  if (name == "PIPE") return '|';
  if (name == "SEMICOLON") return ';';
  if (name == "SPACE") return ' ';
  if (name == "TAB") return '\t';
  return ',';
}

// A JSON Pointer (RFC 6901) as a reference path.
std::optional<jsonpath::ReferencePath> pointer_path(const std::string& pointer) {
  std::string path = "$";
  for (std::size_t at = 0; at < pointer.size();) {
    if (pointer[at] != '/') return std::nullopt;
    const std::size_t end = std::min(pointer.find('/', at + 1), pointer.size());
    std::string name;
    for (std::size_t i = at + 1; i < end; ++i) {
      char c = pointer[i];
      if (c == '~' && i + 1 < end) c = pointer[++i] == '1' ? '/' : '~';
      if (c == '\'' || c == '\\') name += '\\';
      name += c;
    }
    const bool index = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    path += index ? "[" + name + "]" : "['" + name + "']";
    at = end;
  }
  auto compiled = jsonpath::ReferencePath::compile(path);
  if (!compiled) return std::nullopt;
  return *std::move(compiled);
}

void compile_reader_config(const Reader& config, ItemReader& out) {
  config.allow_only({"InputType", "CSVHeaderLocation", "CSVHeaders", "CSVDelimiter", "MaxItems", "MaxItemsPath",
                     "Transformation", "ManifestType", "ItemsPointer"});
  if (const auto type = config.one_of("InputType", {"CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"}))
    out.input_type = input_type(*type);
  const auto headers = config.one_of("CSVHeaderLocation", {"FIRST_ROW", "GIVEN"});
  out.csv_headers_given = headers == "GIVEN";
  if (out.csv_headers_given) config.require({"CSVHeaders"});
  if (const Value* names = config.array("CSVHeaders")) {
    for (const Value& name : names->items()) {
      if (name.is_string())
        out.csv_headers.push_back(name.as_string());
      else
        config.checker.schema("Expected value of type String", config.at("CSVHeaders"));
    }
  }
  if (const auto name = config.one_of("CSVDelimiter", {"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"})) {
    out.csv_delimiter = csv_delimiter(*name);
  }
  out.transformation = config.one_of("Transformation", {"NONE", "LOAD_AND_FLATTEN"}).value_or("");
  out.manifest_type = config.one_of("ManifestType", {"ATHENA_DATA", "S3_INVENTORY"}).value_or("");
  if (out.transformation == "LOAD_AND_FLATTEN") config.expect({"InputType"});
  if (out.manifest_type == "ATHENA_DATA") config.expect({"InputType"});
  out.items_max = config.integer_field("MaxItems", "MaxItemsPath", 0, kUnbounded);
  if (const auto pointer = config.text("ItemsPointer")) {
    out.items_pointer = pointer_path(*pointer);
    if (!out.items_pointer)
      config.checker.schema("The value for the field 'ItemsPointer' must be a valid JSON Pointer",
                            config.at("ItemsPointer"));
  }
}

// Parameters in JSONPath, Arguments in JSONata.
std::optional<Template> arguments(const Reader& reader) {
  return reader.payload(reader.jsonata() ? "Arguments" : "Parameters");
}

// Items are read from S3, and results written to it, by a few of its actions only.
void check_action(const Reader& reader, const Resource& resource, std::initializer_list<std::string_view> actions) {
  const bool fits = resource.kind == Resource::Kind::integration && resource.service == "s3" &&
                    resource.pattern == Resource::Pattern::request_response &&
                    std::find(actions.begin(), actions.end(), resource.action) != actions.end();
  if (!fits) reader.checker.schema_rule(resource_not_recognized(resource.arn).message, reader.at("Resource"));
}

ItemReader compile_item_reader(const Reader& reader, MachineType type) {
  reader.allow_only({"Resource", reader.jsonata() ? "Arguments" : "Parameters", "ReaderConfig"});
  reader.require({"Resource"});
  ItemReader out;
  if (auto resource = reader.resource(type)) {
    check_action(reader, *resource, {"getObject", "listObjectsV2"});
    out.resource = *std::move(resource);
  }
  out.parameters = arguments(reader);
  if (const Value* config = reader.child("ReaderConfig")) {
    const Place place = reader.at("ReaderConfig");
    compile_reader_config({*config, place, reader.language, reader.checker}, out);
  }
  return out;
}

ItemBatcher compile_item_batcher(const Reader& reader) {
  reader.allow_only(
      {"BatchInput", "MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"});
  constexpr std::int64_t kBytesMax = 262'144;
  ItemBatcher out;
  out.batch_input = reader.payload("BatchInput");
  out.items_per_batch_max = reader.integer_field("MaxItemsPerBatch", "MaxItemsPerBatchPath", 1, kUnbounded);
  out.input_bytes_per_batch_max =
      reader.integer_field("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", 1, kBytesMax);
  return out;
}

ResultWriter compile_result_writer(const Reader& reader, MachineType type) {
  reader.allow_only({"Resource", reader.jsonata() ? "Arguments" : "Parameters", "WriterConfig"});
  ResultWriter out;
  out.resource = reader.resource(type);
  out.parameters = arguments(reader);
  if (out.resource) {
    check_action(reader, *out.resource, {"putObject"});
    reader.expect({reader.jsonata() ? "Arguments" : "Parameters"});
  } else if (reader.find("Resource") == nullptr) {
    reader.expect({"WriterConfig"});
    out.transformation = "COMPACT";
  }
  if (const Value* config = reader.child("WriterConfig")) {
    const Place place = reader.at("WriterConfig");
    const Reader settings{*config, place, reader.language, reader.checker};
    settings.allow_only({"OutputType", "Transformation"});
    out.output_type = settings.one_of("OutputType", {"JSON", "JSONL"}).value_or(out.output_type);
    out.transformation = settings.one_of("Transformation", {"NONE", "COMPACT", "FLATTEN"}).value_or(out.transformation);
  }
  return out;
}

void compile_items(const Reader& reader, MapState& map) {
  map.items_path = reader.select_path("ItemsPath");
  map.items_path_text = reader.text("ItemsPath");
  const Value* items = reader.find("Items");
  if (items == nullptr) return;
  const bool expression = items->is_string() && JsonataExpression::is_expression(items->as_string());
  if (!expression && !items->is_array() && !items->is_object()) {
    reader.checker.schema("The value for the field 'Items' must be an array, an object or a JSONata expression",
                          reader.at("Items"));
    return;
  }
  if (auto compiled = reader.payload("Items")) {
    if (compiled->is_constant() && items->is_array())
      map.items = *items;
    else
      map.items = *std::move(compiled);
  }
}

}  // namespace

void compile_map_fields(const Reader& reader, MachineType type, MapState& map) {
  map.jsonata = reader.jsonata();
  reader.at_most_one({"ItemSelector", "Parameters"});
  compile_items(reader, map);
  map.item_selector = reader.payload(reader.find("ItemSelector") != nullptr ? "ItemSelector" : "Parameters");
  map.concurrency_max = reader.integer_field("MaxConcurrency", "MaxConcurrencyPath", 0, kUnbounded);
  map.tolerated_failure_count =
      reader.integer_field("ToleratedFailureCount", "ToleratedFailureCountPath", 0, kUnbounded);
  map.tolerated_failure_percentage =
      reader.percentage_field("ToleratedFailurePercentage", "ToleratedFailurePercentagePath");
  const auto object = [&](std::string_view name, auto&& compile) {
    if (const Value* value = reader.child(name)) {
      const Place place = reader.at(name);
      compile(Reader{*value, place, reader.language, reader.checker});
    }
  };
  object("ItemReader", [&](const Reader& inner) { map.item_reader = compile_item_reader(inner, type); });
  object("ItemBatcher", [&](const Reader& inner) { map.item_batcher = compile_item_batcher(inner); });
  object("ResultWriter", [&](const Reader& inner) { map.result_writer = compile_result_writer(inner, type); });
  constexpr std::size_t kLabelMax = 40;
  if (const auto label = reader.text("Label")) {
    map.label = *label;
    if (label->empty() || label->size() > kLabelMax ||
        label->find_first_of(" \t\r\n?*<>{}[]:;,\\|^~$#%&`\"") != std::string::npos) {
      reader.checker.rule("INVALID_LABEL_NAME", fmt::format("Invalid label name: {}", *label),
                          reader.at("Label").text());
    }
  }
}

}  // namespace escapement::asl
