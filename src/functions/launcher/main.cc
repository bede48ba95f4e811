// The launcher: see README.md and spec.h.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "confine.h"
#include "mounts.h"
#include "parse.h"
#include "report.h"
#include "spec.h"

namespace escapement::functions::launcher {
namespace {

constexpr unsigned long kNamespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

[[noreturn]] void run_program(const Spec& spec) {
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) fail("chdir " + spec.directory);
  std::vector<char*> arguments;
  for (const std::string& argument : spec.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (const std::string& variable : spec.variables) variables.push_back(const_cast<char*>(variable.c_str()));
  variables.push_back(nullptr);
  ::execve(arguments[0], arguments.data(), variables.data());
  fail(std::string("exec ") + arguments[0]);
}

// Everything that the program must not keep: capabilities, other ids, inherited signal dispositions.
void become_program(const Spec& spec) {
  ::setsid();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  set_limits(spec);
  if (spec.isolation == Isolation::none) confine_files(spec);
  drop_privileges(spec);
  install_filter(spec);
  ::close(kSpecFd);
  ::fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
  run_program(spec);
}

// Process 1: reaps all, reports the program's end, and with its own end takes the whole sandbox along.
[[noreturn]] void wait_for_program(const Spec& spec, pid_t program) {
  for (int fd : {0, 1, 2, kControlFd, kSpecFd}) ::close(fd);
  drop_privileges(spec);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) break;
    if (ended != program) continue;
    report("status " + std::to_string(status));
    if (spec.isolation == Isolation::none) kill_leftovers(spec, program);
    break;
  }
  ::_exit(0);
}

[[noreturn]] void run_sandbox(const Spec& spec) {
  // The server's thread that started us lives as long as the server does.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (spec.isolation == Isolation::none) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, "esc-function");
  if (spec.isolation != Isolation::none) make_root(spec);
  const pid_t program = ::fork();
  if (program < 0) fail("fork");
  if (program == 0) become_program(spec);
  wait_for_program(spec, program);
}

// A child of the server, not of this process, so that the server can wait for it.
pid_t clone_sandbox(unsigned long namespaces) {
  return static_cast<pid_t>(
      ::syscall(SYS_clone, namespaces | CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

int launch() {
  // Whatever the server left open is nobody's business here.
  ::syscall(SYS_close_range, kSpecFd + 1, ~0u, 0);
  const Spec spec = read_spec(kSpecFd);
  enter_cgroups(spec);
  unsigned long namespaces = spec.isolation == Isolation::none ? 0 : kNamespaces;
  if (spec.isolation == Isolation::user) {
    // The map must be written from inside before the other namespaces are made under it.
    enter_user_namespace(spec);
  }
  const pid_t child = clone_sandbox(namespaces);
  if (child < 0) fail("clone");
  if (child == 0) run_sandbox(spec);
  report("pid " + std::to_string(child));
  return 0;
}

}  // namespace
}  // namespace escapement::functions::launcher

int main() { return escapement::functions::launcher::launch(); }
