#include "store/store.h"

#include "base/bytes.h"

namespace escapement::store {

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string epoch_key(PartitionId partition) {
  std::string key(1, kReservedTable);
  base::ByteWriter(key).u16_be(partition);
  return key;
}

std::string encode_epoch(Epoch epoch) {
  std::string bytes;
  base::ByteWriter(bytes).u64_be(epoch);
  return bytes;
}

base::Result<Epoch> decode_epoch(std::string_view bytes) {
  base::ByteReader reader(bytes);
  const Epoch epoch = reader.u64_be();
  if (!reader.ok() || !reader.at_end())
    return base::make_error(base::ErrorCode::corrupt, "a partition's epoch is not readable");
  return epoch;
}

}  // namespace escapement::store
