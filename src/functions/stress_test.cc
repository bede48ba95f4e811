// Everything at once: calls, updates, deletions, timeouts, crashes, cancellations and a stop under load. What it shows
// is that each call gets exactly one answer and that the service lives; under the sanitizers, that nothing is touched
// after its end and nothing by two threads.
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "base/random.h"
#include "functions/test_service.h"

namespace escapement::functions {
namespace {

class StressTest : public testing::Test, protected TestService {
 protected:
  static constexpr std::size_t kKinds = 5;

  void add_hostile(const std::string& name, std::size_t kind, std::size_t round) {
    const std::string salt = "\n// " + std::to_string(round) + "\n";
    const TestFunction node{.runtime = "nodejs20.x", .handler = "index.handler", .timeout_seconds = 1};
    const TestFunction custom{.runtime = "provided.al2023", .handler = "x", .timeout_seconds = 1};
    switch (kind) {
      case 0:
        return add_function(name, node, {{"index.js", "exports.handler = async (e) => e;" + salt}});
      case 1:
        return add_function(name, node, {{"index.js", "exports.handler = async () => process.exit(3);" + salt}});
      case 2:
        return add_function(name, node, {{"index.js", "exports.handler = () => { for (;;); };" + salt}});
      case 3:
        return add_function(name, custom, {{"bootstrap", "#!/bin/sh\n# " + std::to_string(round) + "\nexit 1\n"}});
      default:
        return add_function(name, node, {{"index.js", "throw new Error('no');" + salt}});
    }
  }

  void remove_function(const std::string& name) {
    const auto removed = catalog->update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
      transaction.erase(version_key("us-east-1", name, "$LATEST"));
      transaction.erase(provisioned_key("us-east-1", name, "$LATEST"));
      return {};
    });
    ASSERT_TRUE(removed);
    service->function_changed("us-east-1", name);
  }

  void provision(const std::string& name, int count) {
    const auto put = catalog->update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
      transaction.put(provisioned_key("us-east-1", name, "$LATEST"), "{\"Requested\":" + std::to_string(count) + "}");
      return {};
    });
    ASSERT_TRUE(put);
    service->function_changed("us-east-1", name);
  }

  // One user: calls two functions of their own and one that all share, and changes them meanwhile.
  void use(std::size_t user) {
    base::SplitMix random(user + 1);
    std::vector<std::future<base::Result<InvokeResult>>> pending;
    const std::array names{"own" + std::to_string(user), "other" + std::to_string(user), std::string("shared")};
    for (std::size_t round = 0; round < 60; ++round) {
      const std::string& name = names[random.next() % names.size()];
      switch (random.next() % 8) {
        case 0:
          add_hostile(name, random.next() % kKinds, round);
          break;
        case 1:
          remove_function(name);
          break;
        case 2:
          provision(name, static_cast<int>(random.next() % 3));
          break;
        case 3:
          service->cancel("id-" + std::to_string(random.next() % 8));
          break;
        default: {
          // Few ids, so that they meet.
          InvokeRequest request{.function = name,
                                .region = "us-east-1",
                                .payload = "{}",
                                .request_id = "id-" + std::to_string(random.next() % 8)};
          request.queue_when_busy = random.next() % 2 == 0;
          pending.push_back(start_call(std::move(request)));
        }
      }
      if (pending.size() > 6) {
        answered_ += pending.front().wait_for(std::chrono::seconds(60)) == std::future_status::ready ? 1 : 0;
        pending.erase(pending.begin());
        ++asked_;
      }
    }
    for (auto& call : pending) {
      answered_ += call.wait_for(std::chrono::seconds(60)) == std::future_status::ready ? 1 : 0;
      ++asked_;
    }
  }

  std::atomic<int> asked_ = 0;
  std::atomic<int> answered_ = 0;
};

TEST_F(StressTest, EachCallGetsOneAnswerWhateverHappensToItsFunction) {
  for (std::size_t user = 0; user < 4; ++user) add_hostile("own" + std::to_string(user), 0, 0);
  add_hostile("shared", 0, 0);
  std::vector<std::thread> users;
  for (std::size_t user = 0; user < 4; ++user) users.emplace_back([this, user] { use(user); });
  for (std::thread& user : users) user.join();
  EXPECT_GT(asked_, 50);
  EXPECT_EQ(answered_, asked_);
  add_hostile("after", 0, 0);
  EXPECT_EQ(call("after", R"({"still":"here"})")->payload, R"({"still":"here"})");
}

TEST_F(StressTest, AStopAnswersEverythingAtOnceAndLeavesNothing) {
  for (std::size_t round = 0; round < 6; ++round) {
    std::vector<std::future<base::Result<InvokeResult>>> pending;
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      const std::string name = "f" + std::to_string(kind);
      add_hostile(name, kind, round);
      provision(name, 2);
      for (int i = 0; i < 3; ++i)
        pending.push_back(start_call({.function = name, .region = "us-east-1", .payload = "{}"}));
    }
    // Some are being started, some run, some wait.
    if (round % 2 == 1) pending.front().wait();
    restart();
    for (auto& call : pending)
      EXPECT_EQ(call.wait_for(std::chrono::seconds(0)), std::future_status::ready) << "round " << round;
  }
}

TEST_F(StressTest, ARuntimeThatSendsWithoutEndLosesItsConnection) {
  const std::string bootstrap = R"(#!/usr/bin/python3
import os, socket
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
connection = socket.create_connection((host, int(port)))
connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
connection.recv(65536)
connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
try:
    for _ in range(64):
        connection.sendall(b"x" * (1 << 20))
except OSError:
    os._exit(9)
os._exit(7)
)";
  add_function("floods", {.runtime = "provided.al2023", .handler = "x"}, {{"bootstrap", bootstrap}});
  EXPECT_EQ(
      call("floods", "{}", "id-f")->payload,
      R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-f Error: Runtime exited with error: exit status 9"})");
}

TEST_F(StressTest, AnIdThatComesAgainWhileTheFirstRunsHarmsNeither) {
  add_function("waits", {.runtime = "nodejs20.x", .handler = "index.handler"},
               {{"index.js", "exports.handler = (e) => new Promise((r) => setTimeout(() => r(e.n), e.ms));"}});
  const std::string id = "one-id-that-is-longer-than-a-short-string-holds";
  const auto start = [&](const std::string& payload) {
    return start_call({.function = "waits", .region = "us-east-1", .payload = payload, .request_id = id});
  };
  auto first = start(R"({"n":1,"ms":50})");
  auto second = start(R"({"n":2,"ms":300})");
  EXPECT_EQ(first.get()->payload, "1");
  auto third = start(R"({"n":3,"ms":1})");
  EXPECT_EQ(third.get()->payload, "3");
  EXPECT_EQ(second.get()->payload, "2");
  service->cancel(id);
  EXPECT_EQ(call("waits", R"({"n":4,"ms":1})", id)->payload, "4");
}

}  // namespace
}  // namespace escapement::functions
