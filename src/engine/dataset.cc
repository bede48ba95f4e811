#include "engine/dataset.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/random.h"
#include "engine/keys.h"

namespace escapement::engine {
namespace {

constexpr std::uint64_t kFormat = 2;

std::string encode(const Dataset& dataset) {
  std::string bytes;
  base::ByteWriter writer(bytes);
  writer.varint(kFormat);
  writer.varint(dataset.partitions);
  writer.u64_be(dataset.name_secret);
  writer.bytes(dataset.token_key);
  return bytes;
}

base::Result<Dataset> decode(std::string_view bytes) {
  base::ByteReader reader(bytes);
  const std::uint64_t format = reader.varint();
  if (format != kFormat) {
    return base::make_error(base::ErrorCode::corrupt,
                            fmt::format("the data has format {}, this version reads format {}", format, kFormat));
  }
  Dataset dataset;
  dataset.partitions = static_cast<std::uint16_t>(reader.varint());
  dataset.name_secret = reader.u64_be();
  dataset.token_key = reader.bytes();
  if (!reader.ok() || dataset.partitions == 0)
    return base::make_error(base::ErrorCode::corrupt, "the data set's settings are not readable");
  return dataset;
}

}  // namespace

base::Result<Dataset> open_dataset(store::Store& store, std::uint16_t partitions) {
  const std::string key = keys::meta("dataset");
  ESC_TRY(const auto stored, store.get(key));
  if (stored) return decode(*stored);

  unsigned char secrets[40];
  base::secure_random(secrets);
  Dataset dataset;
  dataset.partitions = partitions;
  for (int i = 0; i < 8; ++i) dataset.name_secret = dataset.name_secret << 8 | secrets[i];
  dataset.token_key.assign(reinterpret_cast<const char*>(secrets) + 8, 32);
  auto batch = store.new_batch();
  batch->put(key, encode(dataset));
  ESC_CHECK(store.commit(*batch));
  return dataset;
}

}  // namespace escapement::engine
