// Signed calls to the server's AWS APIs, for the command line and the load generator's preparations.
//
// One class for the four protocols in use: AWS JSON (Step Functions, CloudWatch Logs), REST JSON (Lambda) and query
// (IAM, STS). Answers are what the service sent; nothing is retried.
//
// Threading: one thread at a time; each call waits for its answer.
// Errors:    unavailable or io where the server could not be reached (with a hint); for everything the service refused,
// an
//            Error whose `name` is AWS's error name and whose message is the service's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "escapement/client/access.h"
#include "http/client.h"
#include "json/value.h"
#include "wire/signer.h"

namespace escapement::client {

class Api {
 public:
  // Errors: invalid (the access's URL is none).
  static base::Result<std::unique_ptr<Api>> open(const Access& access);

  base::Result<json::Value> states(std::string_view operation, const json::Value& input);
  base::Result<json::Value> logs(std::string_view operation, const json::Value& input);
  // `target` is path and query, percent-encoded; a null `body` sends none.
  base::Result<json::Value> lambda(std::string_view method, std::string target, const json::Value& body = {});
  // The answer is XML text; see xml_text().
  base::Result<std::string> iam(std::string_view action, std::vector<std::pair<std::string, std::string>> parameters);
  base::Result<std::string> sts(std::string_view action);
  // An unsigned GET of one of the server's own pages ("/metrics").
  base::Result<std::string> page(std::string target);

  // The account that the keys belong to; asked once.
  base::Result<std::string> account();
  const Access& access() const { return access_; }
  const http::Origin& origin() const { return origin_; }

 private:
  Api(Access access, http::Origin origin);

  base::Result<http::ClientResponse> send(http::ClientRequest request, const std::string& service);
  base::Result<json::Value> json_call(const std::string& service, std::string_view prefix, std::string_view version,
                                      std::string_view operation, const json::Value& input);
  base::Result<std::string> query_call(const std::string& service, std::string_view version, std::string_view action,
                                       std::vector<std::pair<std::string, std::string>> parameters);
  base::Error unreachable(base::Error error) const;

  Access access_;
  http::Origin origin_;
  http::Loop loop_{"esc-client"};
  http::Client client_;
  std::map<std::string, wire::Signer> signers_;
  std::string account_;
};

// The text of the first element of that name, its entities resolved; empty if there is none.
std::string xml_text(std::string_view xml, std::string_view element);

// Whether a call failed because the server could not be reached, rather than because it refused.
bool is_unreachable(const base::Error& error);

}  // namespace escapement::client
