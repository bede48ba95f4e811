// A whole server on a free port for this room's tests: dispatcher, keys, and services that record what they were asked
// and answer what the test says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "http/client.h"
#include "http/server.h"
#include "json/parse.h"
#include "wire/dispatcher.h"
#include "wire/signer.h"

namespace escapement::wire {

class TestKeys final : public identity::CredentialSource {
 public:
  TestKeys() {
    auto principal = std::make_shared<identity::Principal>();
    principal->account = "123456789012";
    principal->arn = "arn:aws:iam::123456789012:user/tester";
    principal->access_key_id = "AKIDTEST";
    auto credentials = std::make_shared<identity::Credentials>();
    credentials->principal = principal;
    credentials->secret_access_key = "secret";
    credentials_ = credentials;
  }
  std::shared_ptr<const identity::Credentials> find_credentials(std::string_view id) const override {
    return id == "AKIDTEST" ? credentials_ : nullptr;
  }
  void note_use(std::string_view id, std::string_view service, std::string_view region, base::Timestamp) override {
    const std::lock_guard lock(mu);
    last_use = std::string(id) + " " + std::string(service) + " " + std::string(region);
  }
  std::mutex mu;
  std::string last_use;

 private:
  std::shared_ptr<const identity::Credentials> credentials_;
};

class TestService final : public Service {
 public:
  using Answer = std::function<void(Call, Respond)>;

  explicit TestService(std::string model) : model_(std::move(model)) {}
  std::string_view model() const override { return model_; }
  bool is_inline(std::string_view operation) const override { return !blocking.contains(std::string(operation)); }
  bool has(std::string_view operation) const override { return answers.contains(std::string(operation)); }
  bool is_long_poll(std::string_view operation) const override { return operation == "GetActivityTask"; }
  void handle(Call call, Respond respond) override {
    answers.at(std::string(call.operation))(std::move(call), std::move(respond));
  }

  // Answers with `output`, keeping the call.
  void on(const std::string& operation, json::Value output) {
    answers[operation] = [this, output](Call call, Respond respond) {
      last = std::move(call);
      respond(output);
    };
  }
  void fail(const std::string& operation, base::Error error) {
    answers[operation] = [error](Call, Respond respond) { respond(error); };
  }

  std::map<std::string, Answer> answers;
  std::map<std::string, bool> blocking;
  Call last;

 private:
  std::string model_;
};

struct TestServer {
  explicit TestServer(DispatcherOptions options = {})
      : dispatcher(options, keys, clock), server({}, [this](http::Request&& request, http::Responder responder) {
          dispatcher.handle(std::move(request), std::move(responder));
        }) {
    for (const std::string name : {"stepfunctions", "lambda", "iam", "sts", "scheduler", "logs", "dynamodb"}) {
      services[name] = std::make_shared<TestService>(name);
      dispatcher.add(services[name]);
    }
    port = server.listen_tcp("127.0.0.1", 0).value();
  }
  ~TestServer() { server.stop(); }

  TestService& service(const std::string& name) { return *services.at(name); }

  http::ClientRequest request(std::string method, std::string target, std::string body = {}) const {
    http::ClientRequest made;
    made.origin = {"http", "127.0.0.1", port};
    made.method = std::move(method);
    made.target = std::move(target);
    made.body = std::move(body);
    return made;
  }
  http::ClientRequest signed_request(http::ClientRequest made, const std::string& service_name) const {
    Signer({"AKIDTEST", "secret", ""}, "eu-central-1", service_name).sign(made, clock.now());
    return made;
  }
  http::ClientResponse send(http::ClientRequest made) { return client.send_and_wait(std::move(made)).value(); }

  http::ClientRequest json_request(const std::string& target, std::string body) const {
    auto made = request("POST", "/", std::move(body));
    made.fields = {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", target}};
    return made;
  }
  http::ClientResponse states(const std::string& operation, std::string body) {
    return send(signed_request(json_request("AWSStepFunctions." + operation, std::move(body)), "states"));
  }
  http::ClientResponse lambda(std::string method, std::string target, std::string body = {}) {
    return send(signed_request(request(std::move(method), std::move(target), std::move(body)), "lambda"));
  }
  http::ClientResponse query(const std::string& service_name, const std::string& version,
                             const std::string& parameters) {
    auto made = request("POST", "/", parameters + "&Version=" + version);
    made.fields = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
    return send(signed_request(std::move(made), service_name));
  }
  http::ClientResponse iam(const std::string& parameters) { return query("iam", "2010-05-08", parameters); }

  TestKeys keys;
  base::SystemClock clock;
  std::map<std::string, std::shared_ptr<TestService>> services;
  Dispatcher dispatcher;
  http::Server server;
  std::uint16_t port = 0;
  http::Loop loop{"esc-test"};
  http::Client client{loop, {}};
};

}  // namespace escapement::wire
