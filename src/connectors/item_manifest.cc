#include "connectors/item_manifest.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "connectors/item_reader.h"
#include "json/parse.h"

namespace escapement::connectors {
namespace {

using base::ErrorCode;
using base::make_error;

constexpr std::string_view kBucketArn = "arn:aws:s3:::";
constexpr std::string_view kScheme = "s3://";

base::Error invalid(std::string message) { return make_error(ErrorCode::invalid, std::move(message)); }

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// "Bucket, Key, Size" as a list.
std::vector<std::string> schema_names(std::string_view schema) {
  std::vector<std::string> names;
  for (;;) {
    const std::size_t comma = schema.find(',');
    names.emplace_back(trimmed(schema.substr(0, comma)));
    if (comma == std::string_view::npos) return names;
    schema.remove_prefix(comma + 1);
  }
}

}  // namespace

base::Result<std::vector<json::Value>> read_inventory(const Objects& objects, std::string_view bucket,
                                                      std::string_view manifest, std::size_t items_max) {
  const auto document = json::parse(manifest);
  const json::Value* files = document ? document->find("files") : nullptr;
  if (!files || !files->is_array()) return invalid("The item reader's object is not the manifest of an S3 inventory.");
  const std::string_view format = member_text(*document, "fileFormat");
  if (format != "CSV") return invalid(fmt::format("Inventories in the format '{}' are not supported", format));
  const std::vector<std::string> names = schema_names(member_text(*document, "fileSchema"));
  std::string_view from = member_text(*document, "destinationBucket");
  if (from.starts_with(kBucketArn)) from.remove_prefix(kBucketArn.size());
  if (from.empty()) from = bucket;

  std::vector<json::Value> items;
  for (const json::Value& file : files->items()) {
    if (items.size() >= items_max) break;
    ESC_TRY(std::string packed, objects.read(from, member_text(file, "key")));
    ESC_TRY(const std::string rows, unpacked(std::move(packed)));
    ESC_TRY(std::vector<json::Value> listed, read_csv(rows, ',', names, items_max - items.size()));
    std::move(listed.begin(), listed.end(), std::back_inserter(items));
  }
  return items;
}

base::Result<std::vector<ObjectName>> athena_files(std::string_view manifest) {
  std::vector<ObjectName> files;
  while (!manifest.empty()) {
    const std::size_t end = std::min(manifest.find('\n'), manifest.size());
    std::string_view line = trimmed(manifest.substr(0, end));
    manifest.remove_prefix(std::min(end + 1, manifest.size()));
    if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    if (line.empty()) continue;
    const std::string_view rest = line.starts_with(kScheme) ? line.substr(kScheme.size()) : std::string_view();
    const std::size_t slash = rest.find('/');
    if (slash == 0 || slash == std::string_view::npos)
      return invalid(fmt::format("Line {} of the manifest is not the address of an object.", files.size() + 1));
    files.push_back({std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))});
  }
  return files;
}

base::Result<std::string> unpacked(std::string content) {
  if (!content.starts_with("\x1f\x8b")) return content;
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) return make_error(ErrorCode::io, "cannot unpack");
  stream.next_in = reinterpret_cast<Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(content.size(), UINT32_MAX));
  std::string out;
  char piece[64 * 1024];
  int state = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, sizeof piece - stream.avail_out);
    // Files may be packed in several parts, one after another.
    if (state == Z_STREAM_END && stream.avail_in > 0) state = inflateReset(&stream);
  } while (state == Z_OK && out.size() <= kObjectBytesMax);
  inflateEnd(&stream);
  if (out.size() > kObjectBytesMax)
    return make_error(ErrorCode::limit_exceeded,
                      fmt::format("The object unpacks to more than {} bytes", kObjectBytesMax));
  if (state != Z_STREAM_END) return invalid("The object is not in gzip's form.");
  return out;
}

}  // namespace escapement::connectors
