// Layers: their names and records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"
#include "wire/service.h"

namespace escapement::services::lambda {

struct LayerVersionName {
  std::string region;
  std::string account;
  std::string layer;
  std::int64_t version = 0;

  std::string layer_arn() const;
  std::string arn() const;  // with the version
};

// Errors: invalid (ValidationException).
base::Result<LayerVersionName> parse_layer_version_arn(std::string_view arn);
// From a layer's name or ARN. Errors: the same.
base::Result<LayerVersionName> layer_name(const wire::Call& call, std::string_view name_or_arn, std::int64_t version);

// lambda/layer/REGION/NAME/VERSION, so that versions are in order.
std::string layer_version_key(const LayerVersionName& name);
std::string layer_folder(std::string_view region, std::string_view layer);

}  // namespace escapement::services::lambda
