// What is fixed when a data set is made: its format, its number of partitions, and the secrets that names and task
// tokens are made with.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace escapement::engine {

struct Dataset {
  std::uint16_t partitions = 0;
  std::uint64_t name_secret = 0;
  std::string token_key;
};

// Reads the data set's settings, or makes a new one with `partitions`. Errors: corrupt (also a format of a later
// version), io.
base::Result<Dataset> open_dataset(store::Store& store, std::uint16_t partitions);

}  // namespace escapement::engine
