// The identifiers that IAM hands out: a prefix that says what it names, and characters that nobody can guess.
#pragma once

#include <string>
#include <string_view>

namespace escapement::identity {

inline constexpr std::string_view kUserPrefix = "AIDA";
inline constexpr std::string_view kRolePrefix = "AROA";
inline constexpr std::string_view kGroupPrefix = "AGPA";
inline constexpr std::string_view kPolicyPrefix = "ANPA";
inline constexpr std::string_view kProfilePrefix = "AIPA";
inline constexpr std::string_view kServiceCredentialPrefix = "ACCA";
inline constexpr std::string_view kAccessKeyPrefix = "AKIA";
inline constexpr std::string_view kSessionKeyPrefix = "ASIA";

// The prefix and 17 more characters for entities, 16 for keys.
std::string new_entity_id(std::string_view prefix);
std::string new_access_key_id();
// 40 characters of base64's alphabet, 240 bits.
std::string new_secret_access_key();
std::string new_session_token();

// An id that follows from a name, for what is part of the program: AWS's own managed policies.
std::string derived_id(std::string_view prefix, std::string_view name);

}  // namespace escapement::identity
