// Starts processes for function versions on a thread of its own: credentials, environment, layers, sandbox.
//
// Threading: request() on the loop's thread; `done` is posted back to it. The starter's thread lives as long as the
// starter, since the
//            kernel ties the processes' lives to it; so the starter must outlive every process.
// Bounded:   the caller limits how many starts it asks for.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "functions/function_record.h"
#include "functions/function_service.h"
#include "functions/reactor.h"
#include "functions/sandbox.h"

namespace escapement::functions {

struct StartRequest {
  std::shared_ptr<const FunctionVersion> version;  // shared with the pool that asks
  std::string log_stream;
  std::string runtime_api;  // HOST:PORT for custom runtimes
  std::uint32_t slot = 0;
  bool provisioned = false;
};

struct StartOutcome {
  StartedProcess process;
  SteadyTime started;
  std::optional<base::Timestamp> use_until;
};

class ProcessStarter {
 public:
  using Done = std::move_only_function<void(base::Result<StartOutcome>)>;

  // All are borrowed and must outlive the starter.
  ProcessStarter(Reactor& reactor, const Sandbox& sandbox, const CodeStore& code, const base::Clock& clock,
                 CredentialIssuer credentials);
  ~ProcessStarter();

  void request(StartRequest request, Done done);
  // Removes what the process of this slot left behind, then posts `done`.
  void clean_up(std::uint32_t slot, Reactor::Task done);
  void set_endpoint_url(std::string url);

 private:
  using Job = std::move_only_function<void()>;

  void add(Job job);
  void run();
  base::Result<StartOutcome> start(const StartRequest& request);
  base::Result<FunctionCredentials> credentials_for(const FunctionVersion& version);
  base::Result<std::string> layers_tree(const FunctionVersion& version) const;
  std::vector<std::string> variables(const StartRequest& request, const SandboxPaths& paths,
                                     const FunctionCredentials* credentials);
  std::vector<std::string> arguments(const FunctionVersion& version, const SandboxPaths& paths) const;

  Reactor& reactor_;
  const Sandbox& sandbox_;
  const CodeStore& code_;
  const base::Clock& clock_;
  CredentialIssuer issue_credentials_;
  std::map<std::string, FunctionCredentials> cached_credentials_;  // by role and session; starter's thread only

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;      // guarded by mutex_
  std::string endpoint_url_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;
};

}  // namespace escapement::functions
