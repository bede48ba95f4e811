// The commands of the program, each in a file of its own: what they take, and what they answer to the shell.
//
// Every command prints its result on standard output and its complaints on standard error, and returns its exit code.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "escapement/cli/terminal.h"
#include "escapement/client/access.h"
#include "escapement/client/api.h"

namespace escapement::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;        // the server refused, or the work failed
inline constexpr int kExitUsage = 2;         // the command line is wrong
inline constexpr int kExitUnreachable = 3;   // no server answered
inline constexpr int kExitUnsuccessful = 4;  // an execution was watched to its end, and that was not a success

// What all commands that speak to a server share.
struct CommonOptions {
  client::AccessOptions access;
  client::AccessSources sources;
  bool json = false;  // for machines
};

// Finds the server and keys. Errors: as find_access() and Api::open().
base::Result<std::unique_ptr<client::Api>> connect(const CommonOptions& options);

// Prints the error, with what to do about it where that is known, and answers the exit code.
int report(const base::Error& error);

// Writes to standard output at once.
void print(std::string_view text);

// `text` as it is, the content of a file for "@FILE", or of the standard input for "-". Must be JSON. Errors: io,
// invalid.
base::Result<std::string> read_json_argument(const std::string& text);

struct DeployOptions {
  std::string path;
  std::string name;  // empty: from the path
  std::string role;  // ARN; empty: one is made
  std::string type = "STANDARD";
  std::vector<std::string> substitutions;  // NAME=VALUE
  std::string runtime;                     // empty: detected
  std::string handler;                     // empty: detected
  std::optional<int> timeout_s;
  std::optional<int> memory_mb;
  std::vector<std::string> environment;  // NAME=VALUE
};
int deploy(const CommonOptions& common, const DeployOptions& options);

struct ScheduleOptions {
  std::string target;
  std::string in;  // a duration
  std::string at;  // a time
  std::string input = "{}";
  std::string name;
  bool wait = false;
};
int schedule(const CommonOptions& common, const ScheduleOptions& options);

struct ListOptions {
  std::string machine;
  std::string status;
  int limit = 20;
};
int list_executions(const CommonOptions& common, const ListOptions& options);

struct ShowOptions {
  std::string execution;
  bool full = false;
};
int show_execution(const CommonOptions& common, const ShowOptions& options);

struct WatchOptions {
  std::string execution;
  std::string machine;  // instead of `execution`: its newest one
  bool full = false;
};
int watch_execution(const CommonOptions& common, const WatchOptions& options);

struct StopOptions {
  std::string execution;
  std::string error;
  std::string cause;
};
int stop_execution(const CommonOptions& common, const StopOptions& options);

// Follows the execution to its end. The exit code: kExitOk or kExitUnsuccessful.
base::Result<int> follow_execution(client::Api& api, const std::string& execution_arn, bool json, bool full);

struct LogsOptions {
  std::string function;
  std::string since = "1h";
  std::string filter;
  std::string request;
  bool follow = false;
};
int logs(const CommonOptions& common, const LogsOptions& options);

// `language` is "jsonpath" or "jsonata". Answers standard input line by line.
int query(const std::string& language);

}  // namespace escapement::cli
