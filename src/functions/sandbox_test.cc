#include "functions/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace escapement::functions {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/esc-sandbox-XXXXXX";
    directory = ::mkdtemp(name);
    fs::create_directories(directory / "code");
    std::ofstream(directory / "code" / "hello.txt") << "hello";
    std::ofstream(directory / "secret.txt") << "secret";
    auto opened = Sandbox::open({.directory = (directory / "functions").string(),
                                 .node_program = "node",
                                 .python_program = "/usr/bin/python3",
                                 .node_modules = {}});
    ASSERT_TRUE(opened) << opened.error().to_string();
    sandbox.emplace(std::move(*opened));
  }
  void TearDown() override { fs::remove_all(directory); }

  // Runs a shell script to its end; what it printed, then the lines of the report.
  std::string run(const std::string& script) {
    ProcessPlan plan;
    plan.arguments = {"/bin/sh", "-c", script};
    plan.variables = {"PATH=/usr/bin:/bin"};
    plan.code_tree = (directory / "code").string();
    auto started = sandbox->start(plan);
    if (!started) return "not started: " + started.error().to_string();
    std::string text;
    char buffer[4096];
    pollfd wait{.fd = started->output.get(), .events = POLLIN, .revents = 0};
    while (::poll(&wait, 1, 10'000) == 1) {
      const ssize_t count = ::read(started->output.get(), buffer, sizeof buffer);
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    siginfo_t ignored{};
    ::waitid(P_PIDFD, static_cast<id_t>(started->pidfd.get()), &ignored, WEXITED);
    text += started->report_so_far;
    const ssize_t count = ::read(started->report.get(), buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    return text;
  }
  bool has_namespaces() const { return sandbox->summary().starts_with("namespaces"); }

  fs::path directory;
  std::optional<Sandbox> sandbox;
};

TEST_F(SandboxTest, RunsAProgramInTheCodeFolderAndReportsItsStatus) {
  const std::string text = run("cat hello.txt; exit 3");
  EXPECT_THAT(text, HasSubstr("hello"));
  EXPECT_THAT(text, HasSubstr("status 768\n"));
}

TEST_F(SandboxTest, TheServersFilesAreOutOfReach) {
  EXPECT_THAT(run("cat " + (directory / "secret.txt").string() + " 2>&1"), Not(HasSubstr("secret\n")));
  EXPECT_THAT(run("ls /root 2>&1; ls " + directory.string() + " 2>&1"), Not(HasSubstr("secret.txt")));
}

TEST_F(SandboxTest, CodeIsReadOnlyAndTmpIsPrivate) {
  if (!has_namespaces()) GTEST_SKIP() << sandbox->summary();
  EXPECT_THAT(run("echo x > /var/task/hello.txt; echo x > /etc/passwd; echo y > /usr/x; cat /var/task/hello.txt"),
              HasSubstr("hello"));
  EXPECT_THAT(run("echo mine > /tmp/a; cat /tmp/a"), HasSubstr("mine"));
  EXPECT_THAT(run("cat /tmp/a 2>&1"), Not(HasSubstr("mine")));
}

TEST_F(SandboxTest, OtherProcessesCannotBeSeen) {
  if (!has_namespaces()) GTEST_SKIP() << sandbox->summary();
  EXPECT_THAT(run("ls -d /proc/[0-9]* | wc -l; kill -9 1; echo alive"), HasSubstr("alive"));
  EXPECT_THAT(run("test -e /proc/" + std::to_string(::getpid()) + " && echo seen || echo hidden"), HasSubstr("hidden"));
}

TEST_F(SandboxTest, PrivilegesAreGone) {
  EXPECT_THAT(
      run("grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status"),
      testing::AllOf(HasSubstr("CapEff:\t0000000000000000"), HasSubstr("NoNewPrivs:\t1"), HasSubstr("Seccomp:\t2")));
  EXPECT_THAT(run("unshare -U true 2>&1; echo done"), HasSubstr("not permitted"));
  EXPECT_THAT(run("echo uid=$(id -u)."), Not(HasSubstr("uid=0.")));
}

TEST_F(SandboxTest, DescriptorsAreOnlyTheStandardOnesAndTheSocket) {
  EXPECT_THAT(run("echo $(ls /proc/self/fd)"), HasSubstr("0 1 2 3"));
}

TEST_F(SandboxTest, KillingProcessOneEndsEverything) {
  ProcessPlan plan;
  plan.arguments = {"/bin/sh", "-c", "sleep 100 & sleep 100"};
  plan.variables = {"PATH=/usr/bin:/bin"};
  plan.code_tree = (directory / "code").string();
  auto started = sandbox->start(plan);
  ASSERT_TRUE(started) << started.error().to_string();
  ::kill(started->pid, SIGKILL);
  siginfo_t ignored{};
  ::waitid(P_PIDFD, static_cast<id_t>(started->pidfd.get()), &ignored, WEXITED);
  // Both ends of the pipe that the shells held are closed once they are dead.
  pollfd wait{.fd = started->output.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&wait, 1, 5'000), 1);
  EXPECT_NE(wait.revents & POLLHUP, 0);
}

TEST_F(SandboxTest, StartsFast) {
  run("true");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) run("true");
  const auto each =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin) / 10;
  RecordProperty("microseconds", static_cast<int>(each.count()));
  EXPECT_LT(each.count(), 250'000);
}

}  // namespace
}  // namespace escapement::functions
