#include "print_config.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "config.h"
#include "json/print.h"
#include "json/value.h"

namespace escapement::app {
namespace {

int check_config(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    fmt::print(stderr, "escapement: there is no file {}\n", path);
    return 1;
  }
  const auto config = load_config(path);
  if (!config) {
    fmt::print(stderr, "escapement: {}\n", config.error().message);
    return 1;
  }
  fmt::print("{} is right\n", path);
  return 0;
}

}  // namespace

int print_config(const ConfigOptions& options) {
  if (!options.check_file.empty()) return check_config(options.check_file);
  if (!options.json) {
    fmt::print("{}", settings_as_toml());
    return 0;
  }
  std::vector<json::Value> settings;
  for (const Setting& setting : all_settings()) {
    settings.push_back(json::Value::object(
        {{"name", setting.name}, {"default", setting.default_value}, {"description", setting.description}}));
  }
  fmt::print("{}\n", json::print_pretty(json::Value::array(std::move(settings))));
  return 0;
}

}  // namespace escapement::app
