// The function service: runs functions as local processes and answers invocations.
//
// A function's records (configuration, versions, aliases, concurrency) live in a Catalog under "lambda/" and its code
// in the CodeStore; services/lambda writes both, this room reads them. Invocations wait for a free process of the
// function's version; processes are started on demand, kept warm, and killed when they misbehave or idle too long.
//
// Permissions are the caller's business: whoever calls invoke() has asked `identity` first.
//
// Threading: every method may be called from any thread and does not block, except open() and stop(). `done` runs on
//            the service's loop thread (or, for Event invocations, on its commit thread) and must not block.
// Delivery:  request-response invocations live in memory only: a crash loses them and the caller asks again with the
//            same request id. Event invocations are durable before `done` runs and are delivered at least once.
// Errors:    ResourceNotFoundException (no such function, version or alias), TooManyRequestsException (concurrency
//            used up and not queue_when_busy, or a queue is full), InvalidParameterValueException (a reference that is
//            none), InvalidRuntimeException (this machine cannot run the runtime), ServiceException (the process could
//            not be started). What goes wrong inside the function is no Error: it is an InvokeResult with
//            function_error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/time.h"
#include "functions/code_store.h"
#include "functions/log_sink.h"
#include "store/catalog.h"
#include "store/store.h"

namespace escapement::functions {

enum class InvocationKind : std::uint8_t { request_response, event, dry_run };

struct InvokeRequest {
  std::string function = {};   // a name, a partial ARN or an ARN; each may end in ":QUALIFIER"
  std::string qualifier = {};  // a version, an alias or $LATEST; empty: the one in `function`, else $LATEST
  std::string region = {};     // for names and partial ARNs
  std::string account = {};
  std::string payload = {};  // JSON text (the caller checked); empty is `{}`
  // The handler sees it as awsRequestId. A caller that asks again after a crash gives the same one. Empty: one is made.
  std::string request_id = {};
  std::string client_context = {};  // JSON text, or empty
  InvocationKind kind = InvocationKind::request_response;
  bool wants_log_tail = false;
  // Past the function's concurrency: wait for a free process (up to the queue's bound) instead of
  // TooManyRequestsException.
  bool queue_when_busy = false;
  // When the caller stops waiting; an invocation that has not begun by then is dropped. Absent: the function's own
  // timeout only.
  std::optional<base::Timestamp> deadline = {};
};

struct InvokeResult {
  std::string payload;           // JSON text; the error object where function_error is set
  std::string function_error;    // empty, or "Unhandled"
  std::string executed_version;  // "$LATEST" or a number
  std::string log_tail;          // the last 4 KiB of the log as it is (not base64); empty if not wanted
};

using InvokeDone = std::move_only_function<void(base::Result<InvokeResult>)>;

// Temporary credentials of a function's role.
struct FunctionCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  base::Timestamp expiration;
};
// Called on the service's starter thread (not the loop) when a process starts; may block.
using CredentialIssuer = std::function<base::Result<FunctionCredentials>(
    const std::string& role_arn, const std::string& session_name, const std::string& function_arn)>;

struct Options {
  std::string directory;  // DATA_DIR/functions, made if absent
  std::string account = "000000000000";
  std::string endpoint_url;           // AWS_ENDPOINT_URL of functions; may be set later: set_endpoint_url()
  std::string event_prefix = "E";     // of the Event invocations' rows in the store; nobody else uses it
  std::string node_program = "node";  // looked up on PATH
  std::string python_program = "/usr/bin/python3";
  std::string node_modules;  // the folder of the SDKs for Node functions (runtimes/node); empty: looked for in the
                             // folders above the program
  std::uint32_t concurrency_max = 1'000;           // processes running an invocation at once (the account's limit)
  std::uint32_t processes_max = 0;                 // living processes; 0: from the machine's memory and cores
  std::uint32_t queued_invocations_max = 100'000;  // waiting for a process, over all functions
  std::uint64_t queued_bytes_max = 512ull << 20;
  base::Duration idle_time_max = base::Duration::seconds(300);
  base::Duration init_time_max = base::Duration::seconds(10);
  bool sandbox = true;  // false: processes run as the server's user, for debugging only
  std::uint32_t log_bytes_per_invocation_max = 1u << 20;  // more is dropped, with a line that says so
};

struct Figures {
  std::uint64_t invocations = 0;
  std::uint64_t function_errors = 0;
  std::uint64_t throttled = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t processes_started = 0;
  std::uint64_t processes = 0;       // alive now
  std::uint64_t running = 0;         // invocations inside a process now
  std::uint64_t queued = 0;          // invocations waiting for one
  std::uint64_t events_pending = 0;  // Event invocations not yet done with
};

class FunctionService {
 public:
  // `store`, `catalog`, `clock` and `logs` are borrowed and must outlive the service. Event invocations that a former
  // process left behind are taken up again. Errors: io (the directory), corrupt.
  static base::Result<std::unique_ptr<FunctionService>> open(store::Store& store, store::Catalog& catalog,
                                                             const base::Clock& clock, LogSink& logs,
                                                             CredentialIssuer credentials, Options options);
  virtual ~FunctionService() = default;

  virtual void invoke(InvokeRequest request, InvokeDone done) = 0;
  // Nobody waits for the answer any more: a queued invocation is dropped; one that is inside a process goes on to its
  // end or its timeout, as on AWS, and its answer is thrown away. `done` gets the error `conflict` at once. Unknown ids
  // are ignored.
  virtual void cancel(std::string request_id) = 0;

  // To be called after a change to the function's records is durable: invocations asked for from then on see it.
  // Processes that run an older configuration finish what they do and end.
  virtual void function_changed(const std::string& region, const std::string& name) = 0;

  // Where functions reach this server, once its port is known.
  virtual void set_endpoint_url(std::string url) = 0;

  virtual CodeStore& code_store() = 0;
  virtual Figures figures() const = 0;

  // Takes no new invocations, lets running ones finish for at most `patience`, kills the rest.
  virtual void stop(base::Duration patience) = 0;
};

}  // namespace escapement::functions
