// What IAM keeps: plain values and their encoding as JSON text. Names keep their case; they are unique without regard
// to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace escapement::identity {

struct Tag {
  std::string key;
  std::string value;
};

struct InlinePolicy {
  std::string name;
  std::string document;
};

enum class EntityKind : std::uint8_t { user, group, role };
// "user", "group", "role": in ARNs and keys.
std::string_view to_text(EntityKind kind);

// A user, group or role: that to which policies are attached.
struct Entity {
  EntityKind kind = EntityKind::user;
  std::string name;
  std::string id;    // AIDA…, AGPA…, AROA…
  std::string path;  // "/" or "/a/b/"
  base::Timestamp created{};
  std::vector<Tag> tags;                      // users and roles
  std::vector<InlinePolicy> inline_policies;  // by name
  std::vector<std::string> attached;          // ARNs of managed policies, in order of attachment
  std::string boundary;                       // ARN of a managed policy; empty: none
  std::vector<std::string> groups;            // a user's, in order of joining
  std::string trust_policy;                   // a role's
  std::optional<std::string> description;     // a role's
  std::int32_t session_seconds_max = 3'600;   // a role's
  std::string linked_service;                 // a service-linked role's service principal
};

struct PolicyVersion {
  std::string id;  // "v1"
  std::string document;
  base::Timestamp created{};
};

struct ManagedPolicy {
  std::string name;
  std::string id;  // ANPA…
  std::string path;
  std::string arn;
  std::optional<std::string> description;
  base::Timestamp created{};
  base::Timestamp updated{};
  std::vector<Tag> tags;
  std::vector<PolicyVersion> versions;  // oldest first
  std::string default_version;
  std::int64_t next_version = 2;
  bool is_aws = false;  // AWS's own: cannot be changed

  const PolicyVersion* find_version(std::string_view version_id) const;
  const std::string& document() const;  // of the default version
};

struct AccessKey {
  std::string id;
  std::string user;
  std::string secret;
  bool active = true;
  base::Timestamp created{};
};

struct InstanceProfile {
  std::string name;
  std::string id;
  std::string path;
  base::Timestamp created{};
  std::string role;  // empty: none
  std::vector<Tag> tags;
};

// A user's password for one service that does not take signatures.
struct ServiceCredential {
  std::string id;
  std::string user;
  std::string service;
  std::string service_user;
  std::string password;
  bool active = true;
  base::Timestamp created{};
};

struct LastUsed {
  base::Timestamp at{};
  std::string service;
  std::string region;
};

std::string encode(const Entity& entity);
std::string encode(const ManagedPolicy& policy);
std::string encode(const AccessKey& key);
std::string encode(const InstanceProfile& profile);
std::string encode(const ServiceCredential& credential);
std::string encode(const LastUsed& used);

// Errors: corrupt.
base::Result<Entity> decode_entity(std::string_view text);
base::Result<ManagedPolicy> decode_policy(std::string_view text);
base::Result<AccessKey> decode_access_key(std::string_view text);
base::Result<InstanceProfile> decode_profile(std::string_view text);
base::Result<ServiceCredential> decode_service_credential(std::string_view text);
base::Result<LastUsed> decode_last_used(std::string_view text);

}  // namespace escapement::identity
