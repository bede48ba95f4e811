// Items that a manifest leads to: S3 Inventory's manifest.json, whose files are lists of objects, and the manifest of
// Athena's UNLOAD, a list of the addresses of data files.
//
// Threading: any thread; blocks as its objects do.
// Errors:    the message is the cause of States.ItemReaderFailed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connectors/objects.h"
#include "json/value.h"

namespace escapement::connectors {

// One item for each row of the inventory's CSV files, named by the manifest's fileSchema. Inventories in ORC or Parquet
// are refused. `bucket` is the manifest's own, for a manifest that names no destination.
base::Result<std::vector<json::Value>> read_inventory(const Objects& objects, std::string_view bucket,
                                                      std::string_view manifest, std::size_t items_max);

struct ObjectName {
  std::string bucket;
  std::string key;
};

// The s3://BUCKET/KEY addresses of an Athena manifest, one a line.
base::Result<std::vector<ObjectName>> athena_files(std::string_view manifest);

inline constexpr std::size_t kObjectBytesMax = std::size_t{1} << 30;  // unpacked

// `content`, unpacked if it is in gzip's form. Errors: limit_exceeded beyond kObjectBytesMax.
base::Result<std::string> unpacked(std::string content);

}  // namespace escapement::connectors
