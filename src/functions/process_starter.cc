#include "functions/process_starter.h"

#include <pthread.h>

#include <algorithm>
#include <filesystem>

#include "base/digest.h"
#include "base/random.h"
#include "functions/runtimes.h"

namespace escapement::functions {
namespace {

namespace fs = std::filesystem;

// A process is not given credentials that end sooner, and leaves before they do.
constexpr base::Duration kCredentialsLeft = base::Duration::seconds(20 * 60);

base::Error failure(std::string name, std::string message) {
  return base::make_error(base::ErrorCode::unavailable, std::move(name), std::move(message));
}

std::string join_paths(std::initializer_list<std::string> parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!text.empty()) text += ":";
    text += part;
  }
  return text;
}

}  // namespace

ProcessStarter::ProcessStarter(Reactor& reactor, const Sandbox& sandbox, const CodeStore& code,
                               const base::Clock& clock, CredentialIssuer credentials)
    : reactor_(reactor),
      sandbox_(sandbox),
      code_(code),
      clock_(clock),
      issue_credentials_(std::move(credentials)),
      thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "esc-starter");
}

ProcessStarter::~ProcessStarter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ProcessStarter::add(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void ProcessStarter::request(StartRequest request, Done done) {
  add([this, request = std::move(request), done = std::move(done)]() mutable {
    reactor_.post([done = std::move(done), outcome = start(request)]() mutable { done(std::move(outcome)); });
  });
}

void ProcessStarter::clean_up(std::uint32_t slot, Reactor::Task done) {
  add([this, slot, done = std::move(done)]() mutable {
    sandbox_.clean_up(slot);
    reactor_.post(std::move(done));
  });
}

void ProcessStarter::set_endpoint_url(std::string url) {
  const std::lock_guard lock(mutex_);
  endpoint_url_ = std::move(url);
}

void ProcessStarter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

base::Result<FunctionCredentials> ProcessStarter::credentials_for(const FunctionVersion& version) {
  const std::string function_arn =
      "arn:aws:lambda:" + version.region + ":" + version.account + ":function:" + version.name;
  const std::string key = version.role_arn + "\n" + function_arn;
  const base::Timestamp now = clock_.now();
  if (const auto found = cached_credentials_.find(key); found != cached_credentials_.end()) {
    if (found->second.expiration > now + kCredentialsLeft * 2) return found->second;
    cached_credentials_.erase(found);
  }
  auto issued = issue_credentials_(version.role_arn, version.name, function_arn);
  if (!issued)
    return failure("AccessDeniedException",
                   "The role defined for the function cannot be assumed by Lambda: " + issued.error().message);
  if (cached_credentials_.size() > 10'000) cached_credentials_.clear();
  cached_credentials_.emplace(key, *issued);
  return issued;
}

// One layer is shown as it is; of several, one tree is put together by hard links, later layers over earlier ones, and
// kept.
base::Result<std::string> ProcessStarter::layers_tree(const FunctionVersion& version) const {
  if (version.layers.empty()) return std::string();
  if (version.layers.size() == 1) return code_.tree(version.layers.front()).string();
  std::string all;
  for (const std::string& layer : version.layers) all += layer;
  const fs::path place = code_.tree("layers-" + base::sha256_hex(all));
  std::error_code error;
  if (fs::exists(place, error)) return place.string();
  const fs::path fresh = place.parent_path().parent_path() / ("new-" + base::random_uuid());
  fs::create_directories(fresh / "tree", error);
  for (const std::string& layer : version.layers) {
    const auto options =
        fs::copy_options::recursive | fs::copy_options::overwrite_existing | fs::copy_options::copy_symlinks;
    fs::copy(code_.tree(layer), fresh / "tree", options, error);
    if (error) {
      std::error_code ignored;
      fs::remove_all(fresh, ignored);
      return base::make_error(base::ErrorCode::io, "ServiceException",
                              "cannot put the layers together: " + error.message());
    }
  }
  fs::rename(fresh, place.parent_path(), error);
  if (error) fs::remove_all(fresh, error);
  return place.string();
}

std::vector<std::string> ProcessStarter::arguments(const FunctionVersion& version, const SandboxPaths& paths) const {
  std::vector<std::string> command;
  switch (runtime_family(version.runtime)) {
    case RuntimeFamily::node:
      // As AWS sizes V8's heap: nine tenths of the memory; the young generation grows with it.
      command = {sandbox_.node_program(), "--max-old-space-size=" + std::to_string(version.memory_mb * 9 / 10),
                 "--max-semi-space-size=" + std::to_string(std::clamp(version.memory_mb / 20, 2u, 64u)),
                 paths.runtimes + "/bootstrap.cjs"};
      break;
    case RuntimeFamily::python:
      command = {sandbox_.python_program(), paths.runtimes + "/bootstrap.py"};
      break;
    case RuntimeFamily::custom:
      command = {"/bin/sh", "-c", "if [ -x ./bootstrap ]; then exec ./bootstrap; else exec /opt/bootstrap; fi"};
      break;
    case RuntimeFamily::other:
      break;
  }
  const bool wrapped = std::ranges::any_of(
      version.environment, [](const auto& variable) { return variable.first == "AWS_LAMBDA_EXEC_WRAPPER"; });
  if (wrapped && runtime_family(version.runtime) != RuntimeFamily::custom) {
    command.insert(command.begin(), {"/bin/sh", "-c", R"(exec "$AWS_LAMBDA_EXEC_WRAPPER" "$@")", "sh"});
  }
  return command;
}

std::vector<std::string> ProcessStarter::variables(const StartRequest& request, const SandboxPaths& paths,
                                                   const FunctionCredentials* credentials) {
  const FunctionVersion& version = *request.version;
  const RuntimeFamily family = runtime_family(version.runtime);
  std::vector<std::pair<std::string, std::string>> all = version.environment;
  const auto set = [&](std::string name, std::string value) {
    std::erase_if(all, [&](const auto& variable) { return variable.first == name; });
    all.emplace_back(std::move(name), std::move(value));
  };
  const auto set_default = [&](const char* name, std::string value) {
    if (std::ranges::none_of(all, [&](const auto& variable) { return variable.first == name; }))
      all.emplace_back(name, std::move(value));
  };
  set_default("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin");
  set_default("LD_LIBRARY_PATH", paths.task + ":" + paths.task + "/lib:" + paths.layers + "/lib");
  set_default("LANG", "en_US.UTF-8");
  set_default("TZ", ":UTC");
  set("_HANDLER", version.handler);
  set("LAMBDA_TASK_ROOT", paths.task);
  set("LAMBDA_RUNTIME_DIR", paths.runtimes);
  set("AWS_REGION", version.region);
  set("AWS_DEFAULT_REGION", version.region);
  set("AWS_EXECUTION_ENV", family == RuntimeFamily::custom ? "AWS_Lambda_Image" : "AWS_Lambda_" + version.runtime);
  set("AWS_LAMBDA_FUNCTION_NAME", version.name);
  set("AWS_LAMBDA_FUNCTION_VERSION", version.version);
  set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(version.memory_mb));
  set("AWS_LAMBDA_INITIALIZATION_TYPE", request.provisioned ? "provisioned-concurrency" : "on-demand");
  set("AWS_LAMBDA_LOG_GROUP_NAME", version.log_group);
  set("AWS_LAMBDA_LOG_STREAM_NAME", request.log_stream);
  if (version.json_logs) {
    set("AWS_LAMBDA_LOG_FORMAT", "JSON");
    set("AWS_LAMBDA_LOG_LEVEL", version.application_log_level.empty() ? "INFO" : version.application_log_level);
  }
  if (credentials != nullptr) {
    set("AWS_ACCESS_KEY_ID", credentials->access_key_id);
    set("AWS_SECRET_ACCESS_KEY", credentials->secret_access_key);
    set("AWS_SESSION_TOKEN", credentials->session_token);
  }
  {
    const std::lock_guard lock(mutex_);
    if (!endpoint_url_.empty()) set_default("AWS_ENDPOINT_URL", endpoint_url_);
  }
  if (!request.runtime_api.empty()) set("AWS_LAMBDA_RUNTIME_API", request.runtime_api);
  if (paths.temporary != "/tmp") set_default("TMPDIR", paths.temporary);
  set_default("HOME", paths.temporary);
  if (family == RuntimeFamily::node) {
    set_default("NODE_PATH", join_paths({paths.layers + "/nodejs/node_modules", paths.modules, paths.task}));
  } else if (family == RuntimeFamily::python) {
    set_default("PYTHONPATH", join_paths({paths.task, paths.layers + "/python"}));
    set_default("PYTHONDONTWRITEBYTECODE", "1");
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

base::Result<StartOutcome> ProcessStarter::start(const StartRequest& request) {
  const FunctionVersion& version = *request.version;
  const RuntimeFamily family = runtime_family(version.runtime);
  if (family == RuntimeFamily::other) {
    return failure("InvalidRuntimeException", "This server cannot run the runtime " + version.runtime +
                                                  ": it runs nodejs, python3 and provided runtimes");
  }
  if ((family == RuntimeFamily::node && sandbox_.node_program().empty()) ||
      (family == RuntimeFamily::python && sandbox_.python_program().empty())) {
    return failure("InvalidRuntimeException",
                   "The program for the runtime " + version.runtime + " is not installed on this machine");
  }
  StartOutcome outcome;
  std::optional<FunctionCredentials> credentials;
  if (issue_credentials_) {
    ESC_TRY(credentials, credentials_for(version));
    outcome.use_until = base::Timestamp{credentials->expiration.us - kCredentialsLeft.us};
  }
  ProcessPlan plan;
  plan.code_tree = code_.tree(version.code).string();
  ESC_TRY(plan.layers_tree, layers_tree(version));
  plan.memory_mb = version.memory_mb;
  plan.storage_mb = version.storage_mb;
  plan.slot = request.slot;
  if (family == RuntimeFamily::node) plan.modules_tree = sandbox_.modules_for(runtime_version(version.runtime));
  const SandboxPaths paths = sandbox_.paths(plan);
  plan.arguments = arguments(version, paths);
  plan.variables = variables(request, paths, credentials ? &*credentials : nullptr);
  outcome.started = std::chrono::steady_clock::now();
  ESC_TRY(outcome.process, sandbox_.start(plan));
  return outcome;
}

}  // namespace escapement::functions
