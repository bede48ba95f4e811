// Who makes a call, as far as authorisation and the answers need to know.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace escapement::identity {

struct Principal {
  enum class Type { root, user, assumed_role, service, federated_user };

  Type type = Type::user;
  std::string account;        // twelve digits
  std::string arn;            // arn:aws:iam::ACCOUNT:user/NAME, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION,
                              // arn:aws:sts::ACCOUNT:federated-user/NAME, …:root
  std::string user_id;        // AIDA… / AROA…:SESSION / ACCOUNT:NAME (federated) / the account id for root
  std::string access_key_id;  // empty for calls made inside the server
  std::string role_arn;  // assumed_role: the role's own ARN; federated_user: the ARN of the user who vouches for it
  std::string service;   // service: the service principal's name, "states.amazonaws.com"
  std::vector<std::string> session_policies;  // JSON texts given to AssumeRole, which narrow the role's
  std::map<std::string, std::string> tags;    // aws:PrincipalTag/KEY
};

}  // namespace escapement::identity
