#include <gtest/gtest.h>

#include "base/clock.h"
#include "http/server.h"
#include "identity/principal.h"
#include "load/connections.h"
#include "load/metrics.h"
#include "load/signed_request.h"
#include "load/start_driver.h"
#include "wire/sigv4.h"

namespace escapement::load {
namespace {

class OneKey final : public identity::CredentialSource {
 public:
  OneKey() {
    auto credentials = std::make_shared<identity::Credentials>();
    credentials->principal = std::make_shared<identity::Principal>();
    credentials->secret_access_key = "secret";
    credentials_ = std::move(credentials);
  }
  std::shared_ptr<const identity::Credentials> find_credentials(std::string_view id) const override {
    return id == "KEY" ? credentials_ : nullptr;
  }

 private:
  std::shared_ptr<const identity::Credentials> credentials_;
};

TEST(Load, ServersAcceptItsSignatures) {
  const OneKey keys;
  const base::SystemClock clock;
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  const wire::SigV4Verifier verifier(keys, {});
  http::Server server({}, [&](http::Request&& request, http::Responder responder) {
    const auto verified = verifier.verify(request, clock.now());
    ++(verified ? accepted : refused);
    http::Response response;
    response.status = verified ? 200 : 403;
    response.body = R"({"executionArn":"arn:x","startDate":1})";
    responder.send(std::move(response));
  });
  const auto port = server.listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(port) << port.error().to_string();

  OperationAddress address;
  address.host = "127.0.0.1:" + std::to_string(*port);
  address.region = "us-east-1";
  address.target = "AWSStepFunctions.StartExecution";
  StartDriver driver(SignedRequest({"KEY", "secret", ""}, address), {"arn:machine", wait_input(5, 200), 300, {}, 100});
  const auto figures = drive({"127.0.0.1", *port}, 7, driver);
  ASSERT_TRUE(figures) << figures.error().to_string();
  EXPECT_EQ(figures->answers, 300u);
  EXPECT_EQ(driver.accepted(), 300u);
  EXPECT_EQ(driver.refused(), 0u);
  EXPECT_EQ(accepted, 300);
  ASSERT_EQ(driver.kept().size(), 3u);
  EXPECT_EQ(driver.kept()[0].arn, "arn:x");

  StartDriver stranger(SignedRequest({"KEY", "another", ""}, address), {"arn:machine", wait_input(5, 200), 5, {}, 0});
  ASSERT_TRUE(drive({"127.0.0.1", *port}, 1, stranger));
  EXPECT_EQ(stranger.refused(), 5u);
  EXPECT_TRUE(stranger.first_refusal().starts_with("403"));
}

TEST(Load, NobodyThereIsAnError) {
  StartDriver driver(SignedRequest({"KEY", "secret", ""}, {}), {"arn", wait_input(5, 200), 5, {}, 0});
  EXPECT_FALSE(drive({"127.0.0.1", 1}, 1, driver));
}

TEST(WaitInput, HasAboutTheWantedSize) {
  std::string out;
  wait_input(30'000'000, 200)(out, 123'456);
  std::string plain;
  for (const char c : out) plain += c == '\\' ? "" : std::string(1, c);
  EXPECT_NEAR(static_cast<double>(plain.size()), 200.0, 15.0);
}

TEST(Metrics, ReadsThePrometheusFormat) {
  const Metrics metrics = Metrics::parse("# HELP a b\na 3\nb{quantile=\"0.5\"} 0.25\nbroken\nc nan-ish x\n");
  EXPECT_EQ(metrics.get("a"), 3);
  EXPECT_EQ(metrics.get("b{quantile=\"0.5\"}"), 0.25);
  EXPECT_FALSE(metrics.has("broken"));
}

}  // namespace
}  // namespace escapement::load
