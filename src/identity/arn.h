// Amazon Resource Names: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. Views into the text they were read from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace escapement::identity {

struct Arn {
  std::string_view partition;
  std::string_view service;
  std::string_view region;    // empty where the service has none
  std::string_view account;   // likewise
  std::string_view resource;  // all that follows the fifth colon: "role/path/name"
};

// nullopt: not six fields, another prefix, or an empty partition, service or resource.
std::optional<Arn> parse_arn(std::string_view text);

// The part of an IAM resource before its first slash ("user", "role", "policy"), and the name after its last.
std::string_view resource_type(const Arn& arn);
std::string_view resource_name(const Arn& arn);

// ASCII letters in lower case: names in IAM, condition keys and actions are compared so.
std::string to_lower(std::string_view text);
bool equals_folded(std::string_view a, std::string_view b);

}  // namespace escapement::identity
