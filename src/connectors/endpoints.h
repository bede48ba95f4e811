// The AWS services that live elsewhere: where each is reached and with which keys, as the configuration says.
//
// Services that speak AWS JSON can be called; the table in endpoints.cc holds their target prefixes. Requests carry
// Signature Version 4.
//
// Threading: add() before the first call; all else from any thread. `done` runs on the client's loop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "json/value.h"
#include "wire/signer.h"

namespace escapement::connectors {

struct Endpoint {
  std::string url;     // "https://sqs.eu-central-1.amazonaws.com"
  std::string region;  // signed for; empty: the state machine's
  wire::SigningCredentials credentials;
};

class Endpoints {
 public:
  using Done = std::move_only_function<void(base::Result<json::Value>)>;

  // `client` may be nullptr: then nothing can be called. Both are borrowed and must outlive this.
  Endpoints(http::Client* client, const base::Clock& clock) : client_(client), clock_(clock) {}

  // `service` as tasks name it: "sqs", "secretsmanager".
  void add(std::string service, Endpoint endpoint) {
    endpoints_.insert_or_assign(std::move(service), std::move(endpoint));
  }
  bool has(std::string_view service) const { return client_ && endpoints_.contains(service); }

  // Errors: the service's own, with its name; unavailable (it cannot be reached); unsupported (its protocol is not
  // spoken).
  void call(std::string_view service, std::string_view operation, std::string_view region,
            const json::Value& parameters, Done done) const;

 private:
  http::Client* client_;
  const base::Clock& clock_;
  std::map<std::string, Endpoint, std::less<>> endpoints_;
};

}  // namespace escapement::connectors
