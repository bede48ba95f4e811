#include "connectors/result_writer.h"

#include "connectors/nested_executions.h"
#include "json/parse.h"
#include "json/print.h"

namespace escapement::connectors {
namespace {

std::string file_of(const std::vector<std::string>& children, bool lines) {
  std::string content = lines ? "" : "[";
  bool first = true;
  for (const std::string& child : children) {
    if (!first) content += lines ? '\n' : ',';
    first = false;
    content += child;
  }
  return lines ? content : content + ']';
}

}  // namespace

std::vector<std::string> result_texts(const engine::ExecutionDescription& child, std::string_view transformation) {
  if (transformation == "NONE" || child.head.status != interpreter::Status::succeeded)
    return {sync_output(child, false)};
  std::string output(child.head.output.text());
  if (transformation != "FLATTEN") return {std::move(output)};
  const auto value = json::parse(output);
  if (!value || !value->is_array()) return {std::move(output)};
  std::vector<std::string> elements;
  elements.reserve(value->size());
  for (const json::Value& element : value->items()) elements.push_back(json::print(element));
  return elements;
}

base::Result<WrittenResults> write_results(Objects& objects, const asl::ResultWriter& writer,
                                           const json::Value& parameters, std::string_view run_arn,
                                           const ChildResults& results) {
  const bool lines = writer.output_type == "JSONL";
  WrittenResults written{std::string(member_text(parameters, "Bucket")), {}};
  std::string folder(member_text(parameters, "Prefix"));
  if (!folder.empty() && folder.back() != '/') folder += '/';
  folder.append(run_arn.substr(run_arn.rfind(':') + 1)) += '/';

  json::ObjectBuilder files;
  const auto write = [&](std::string_view kind, const std::vector<std::string>& children) -> base::Result<void> {
    std::vector<json::Value> entries;
    if (!children.empty()) {
      const std::string key = folder + std::string(kind) + (lines ? "_0.jsonl" : "_0.json");
      const std::string content = file_of(children, lines);
      ESC_CHECK(objects.write(written.bucket, key, content));
      entries.push_back(json::Value::object({{"Key", key}, {"Size", static_cast<std::int64_t>(content.size())}}));
    }
    files.set(kind, json::Value::array(std::move(entries)));
    return {};
  };
  ESC_CHECK(write("FAILED", results.failed));
  ESC_CHECK(write("PENDING", results.pending));
  ESC_CHECK(write("SUCCEEDED", results.succeeded));
  written.manifest_key = folder + "manifest.json";
  ESC_CHECK(objects.write(written.bucket, written.manifest_key,
                          json::print(json::Value::object({{"DestinationBucket", written.bucket},
                                                           {"MapRunArn", run_arn},
                                                           {"ResultFiles", std::move(files).build()}}))));
  return written;
}

}  // namespace escapement::connectors
