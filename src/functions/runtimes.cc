#include "functions/runtimes.h"

#include <charconv>

#include "base/digest.h"

namespace escapement::functions {

RuntimeFamily runtime_family(std::string_view runtime) {
  if (runtime.starts_with("nodejs")) return RuntimeFamily::node;
  if (runtime.starts_with("python3")) return RuntimeFamily::python;
  if (runtime == "provided" || runtime.starts_with("provided.")) return RuntimeFamily::custom;
  return RuntimeFamily::other;
}

int runtime_version(std::string_view runtime) {
  const auto number = [](std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  if (runtime.starts_with("nodejs")) return number(runtime.substr(6));
  if (runtime.starts_with("python3.")) return 3'000 + number(runtime.substr(8));
  return 0;
}

std::string runtime_version_arn(std::string_view region, std::string_view runtime) {
  return "arn:aws:lambda:" + std::string(region) +
         "::runtime:" + base::sha256_hex("escapement " + std::string(runtime));
}

}  // namespace escapement::functions
