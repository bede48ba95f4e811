#include "identity/policy_check.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "identity/arn.h"
#include "json/parse.h"

namespace escapement::identity {
namespace {

using base::Result;

base::Error malformed(std::string message) {
  return base::make_error(base::ErrorCode::invalid, "MalformedPolicyDocument", std::move(message));
}

constexpr std::string_view kSyntax = "Syntax errors in policy.";
constexpr std::array<std::string_view, 3> kDocumentFields = {"Version", "Statement", "Id"};
constexpr std::array<std::string_view, 9> kStatementFields = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"};
constexpr std::array<std::string_view, 6> kPartitions = {"aws",     "aws-cn",    "aws-us-gov",
                                                         "aws-iso", "aws-iso-b", "aws-eusc"};
constexpr std::array<std::string_view, 14> kIamPaths = {"user/",
                                                        "federated-user/",
                                                        "role/",
                                                        "group/",
                                                        "instance-profile/",
                                                        "mfa/",
                                                        "server-certificate/",
                                                        "policy/",
                                                        "sms-mfa/",
                                                        "saml-provider/",
                                                        "oidc-provider/",
                                                        "report/",
                                                        "access-report/",
                                                        "delegation-request/"};

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_one_of(std::string_view text, std::span<const std::string_view> set) {
  return std::ranges::find(set, text) != set.end();
}

// Visits a string or each string of a list; false: it is neither.
template <typename Visit>
Result<void> each_text(const json::Value& value, const Visit& visit) {
  if (value.is_string()) return visit(value.as_string());
  if (!value.is_array()) return malformed(std::string(kSyntax));
  for (const json::Value& item : value.items()) {
    if (!item.is_string()) return malformed(std::string(kSyntax));
    ESC_CHECK(visit(item.as_string()));
  }
  return {};
}

std::vector<json::Value> statements_of(const json::Value& document) {
  const json::Value* value = document.find("Statement");
  if (!value->is_array()) return {*value};
  return {value->items().begin(), value->items().end()};
}

Result<void> check_shape(const json::Value& document, PolicyUse use) {
  if (!document.is_object()) return malformed(std::string(kSyntax));
  for (const auto& [name, value] : document.members()) {
    if (!is_one_of(name, kDocumentFields))
      return malformed(use == PolicyUse::trust ? "Unknown field " + name : std::string(kSyntax));
  }
  const json::Value* version = document.find("Version");
  if (version != nullptr &&
      (!version->is_string() || (version->as_string() != "2012-10-17" && version->as_string() != "2008-10-17"))) {
    return malformed(std::string(kSyntax));
  }
  const json::Value* id = document.find("Id");
  if (id != nullptr && !id->is_string()) return malformed(std::string(kSyntax));
  const json::Value* statements = document.find("Statement");
  if (statements == nullptr || !(statements->is_object() || (statements->is_array() && statements->size() > 0))) {
    return malformed(std::string(kSyntax));
  }
  for (const json::Value& statement : statements_of(document)) {
    if (!statement.is_object()) return malformed(std::string(kSyntax));
    for (const auto& [name, value] : statement.members()) {
      if (!is_one_of(name, kStatementFields))
        return malformed(use == PolicyUse::trust ? "Unknown field " + name : std::string(kSyntax));
    }
    for (const std::string_view name : {"Action", "Resource", "Principal"}) {
      if (statement.find(name) != nullptr && statement.find("Not" + std::string(name)) != nullptr)
        return malformed(std::string(kSyntax));
    }
    const json::Value* effect = statement.find("Effect");
    if (effect == nullptr || !effect->is_string()) return malformed(std::string(kSyntax));
  }
  if (use == PolicyUse::identity && (version == nullptr || version->as_string() == "2008-10-17")) {
    return malformed("Policy document must be version 2012-10-17 or greater.");
  }
  return {};
}

const json::Value* either(const json::Value& statement, std::string_view name) {
  const json::Value* plain = statement.find(name);
  return plain != nullptr ? plain : statement.find("Not" + std::string(name));
}

bool is_empty(const json::Value* value) { return value == nullptr || (value->is_array() && value->size() == 0); }

Result<void> check_action(const std::string& action) {
  if (action == "*") return {};
  const auto colon = action.find(':');
  if (colon == std::string::npos)
    return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  if (action.find(':', colon + 1) != std::string::npos)
    return malformed("Actions/Condition can contain only one colon.");
  const std::string vendor = action.substr(0, colon);
  const bool good =
      !vendor.empty() && std::ranges::all_of(vendor, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
  if (!good) return malformed("Vendor " + vendor + " is not valid");
  return {};
}

Result<void> check_resource(const std::string& resource) {
  if (resource == "*") return {};
  const auto fields = Pattern::split_fields(resource, 6);
  if (fields.size() < 2 || fields[0] != "arn")
    return malformed("Resource " + resource + " must be in ARN format or \"*\".");
  const bool has_wildcard = fields[1].find_first_of("*?") != std::string_view::npos;
  if (!has_wildcard && !is_one_of(fields[1], kPartitions)) {
    return malformed("Partition \"" + std::string(fields[1]) + "\" is not valid for resource \"" + resource + "\".");
  }
  if (fields.size() < 3) return {};
  if (fields[2].empty() || (fields[2] != "*" && fields[2].find_first_of("*?") != std::string_view::npos)) {
    return malformed("Resource vendor must be fully qualified and cannot contain regexes.");
  }
  if (fields.size() < 6) return {};
  if (fields[2] == "iam") {
    if (!fields[3].empty() && fields[3] != "*")
      return malformed("IAM resource " + resource + " cannot contain region information.");
    const bool known =
        fields[5].starts_with('*') || fields[5] == "root" || fields[5].starts_with("${") ||
        std::ranges::any_of(kIamPaths, [&](std::string_view path) { return fields[5].starts_with(path); });
    if (!known) {
      return malformed(
          "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, "
          "instance-profile/, mfa/, "
          "server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.");
    }
  }
  if (fields[2] == "s3" && !fields[3].empty() && fields[3] != "*" && fields[5].find("accesspoint") != 0) {
    return malformed("Resource " + resource + " can not contain region information.");
  }
  return {};
}

Result<void> check_sids(const json::Value& document) {
  std::set<std::string> seen;
  for (const json::Value& statement : statements_of(document)) {
    const json::Value* sid = statement.find("Sid");
    if (sid == nullptr) continue;
    if (!sid->is_string()) return malformed(std::string(kSyntax));
    if (!std::ranges::all_of(sid->as_string(), is_alphanumeric)) {
      return malformed(
          "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
          "[0-9A-Za-z]*");
    }
    if (!sid->as_string().empty() && !seen.insert(sid->as_string()).second) {
      return malformed("Statement IDs (SID) in a single policy must be unique.");
    }
  }
  return {};
}

Result<void> check_identity_statement(const json::Value& statement) {
  if (either(statement, "Principal") != nullptr) return malformed("Policy document should not specify a principal.");
  const json::Value* actions = either(statement, "Action");
  if (is_empty(actions)) return malformed("Policy statement must contain actions.");
  ESC_CHECK(each_text(*actions, check_action));
  const json::Value* resources = either(statement, "Resource");
  if (is_empty(resources)) return malformed("Policy statement must contain resources.");
  return each_text(*resources, check_resource);
}

Result<void> check_trust_action(const std::string& action) {
  const std::string folded = to_lower(action);
  if (folded == "*" || (folded.starts_with("sts:") && folded.size() > 4)) return {};
  return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
}

bool is_service_name(std::string_view name) {
  return name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn") || name.ends_with(".amazon.com") ||
         name.ends_with(".aws.internal");
}

Result<void> check_aws_principal(const std::string& name) {
  if (name == "*") return {};
  const bool is_account = name.size() == 12 && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  const bool is_id = name.size() >= 16 && std::ranges::all_of(name, is_alphanumeric);
  const auto arn = parse_arn(name);
  const bool is_arn =
      arn && (arn->service == "iam" || arn->service == "sts") && arn->resource.find('*') == std::string_view::npos;
  if (is_account || is_id || is_arn) return {};
  return malformed("Invalid principal in policy: \"AWS\":\"" + name + "\"");
}

Result<void> check_trust_principal(const json::Value& principal) {
  if (principal.is_string()) {
    if (principal.as_string() == "*") return {};
    return malformed("Invalid principal in policy: \"STAR\":\"" + principal.as_string() + "\"");
  }
  if (!principal.is_object() || principal.size() == 0) return malformed(std::string(kSyntax));
  for (const auto& [kind, names] : principal.members()) {
    if (kind == "AWS") {
      ESC_CHECK(each_text(names, check_aws_principal));
    } else if (kind == "Service") {
      ESC_CHECK(each_text(names, [](const std::string& name) -> Result<void> {
        if (is_service_name(name)) return {};
        return malformed("Invalid principal in policy: \"SERVICE\":\"" + name + "\"");
      }));
    } else if (kind != "Federated" && kind != "CanonicalUser") {
      return malformed("Invalid principal in policy: \"" + kind + "\"");
    }
  }
  return {};
}

Result<void> check_trust_statement(const json::Value& statement) {
  if (either(statement, "Resource") != nullptr) return malformed("Has prohibited field Resource");
  const json::Value* principal = either(statement, "Principal");
  if (principal == nullptr) return malformed("Missing required field Principal");
  const json::Value* actions = either(statement, "Action");
  if (is_empty(actions)) return malformed("Missing required field Action");
  ESC_CHECK(each_text(*actions, check_trust_action));
  return check_trust_principal(*principal);
}

}  // namespace

Result<std::shared_ptr<const Policy>> check_policy(std::string_view text, PolicyUse use) {
  const auto document = json::parse(text, {.depth_max = 16});
  if (!document) return malformed("This policy contains invalid Json");
  ESC_CHECK(check_shape(*document, use));
  for (const json::Value& statement : statements_of(*document)) {
    ESC_CHECK(use == PolicyUse::trust ? check_trust_statement(statement) : check_identity_statement(statement));
  }
  ESC_CHECK(check_sids(*document));
  auto policy = compile_policy(text);
  if (!policy) return malformed(use == PolicyUse::trust ? std::string(kSyntax) : "The policy failed legacy parsing");
  return policy;
}

}  // namespace escapement::identity
