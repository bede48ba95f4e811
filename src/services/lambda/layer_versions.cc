#include "services/lambda/layer_versions.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "services/lambda/errors.h"

namespace escapement::services::lambda {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t colon = text.find(':', at);
    parts.push_back(text.substr(at, colon - at));
    if (colon == std::string_view::npos) return parts;
    at = colon + 1;
  }
}

}  // namespace

std::string LayerVersionName::layer_arn() const {
  return "arn:aws:lambda:" + region + ":" + account + ":layer:" + layer;
}
std::string LayerVersionName::arn() const { return layer_arn() + ":" + std::to_string(version); }

base::Result<LayerVersionName> parse_layer_version_arn(std::string_view arn) {
  const auto parts = split(arn);
  LayerVersionName name;
  if (parts.size() == 8 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "layer") {
    const auto [end, error] = std::from_chars(parts[7].data(), parts[7].data() + parts[7].size(), name.version);
    if (error == std::errc() && end == parts[7].data() + parts[7].size()) {
      name.region = parts[3];
      name.account = parts[4];
      name.layer = parts[6];
      return name;
    }
  }
  return validation(
      "1 validation error detected: Value '" + std::string(arn) +
      "' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than "
      "or equal to 2048, "
      "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
      "(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+"
      ":[0-9]+)|"
      "(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+), Member must not be null]");
}

base::Result<LayerVersionName> layer_name(const wire::Call& call, std::string_view name_or_arn, std::int64_t version) {
  const auto parts = split(name_or_arn);
  if (parts.size() >= 7 && parts[5] == "layer") {
    return LayerVersionName{std::string(parts[3]), std::string(parts[4]), std::string(parts[6]), version};
  }
  return LayerVersionName{call.region, call.account, std::string(name_or_arn), version};
}

std::string layer_folder(std::string_view region, std::string_view layer) {
  return fmt::format("lambda/layer/{}/{}/", region, layer);
}

std::string layer_version_key(const LayerVersionName& name) {
  return layer_folder(name.region, name.layer) + fmt::format("{:010}", name.version);
}

}  // namespace escapement::services::lambda
