// The roles that AWS services make for themselves: which service has which, as AWS's documentation of each service
// says.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace escapement::identity {

struct ServiceLinkedRole {
  std::string_view service;  // "acm.amazonaws.com"
  std::string_view role;     // "AWSServiceRoleForCertificateManager"
  std::string_view policy;   // the name of its managed policy, in path /aws-service-role/; empty: none is known
  bool takes_suffix = false;
  std::string_view description = {};
};

// nullptr: the service is not one that has service-linked roles, as far as is known here.
const ServiceLinkedRole* find_service_linked_role(std::string_view service);
std::span<const ServiceLinkedRole> service_linked_roles();  // by service

}  // namespace escapement::identity
