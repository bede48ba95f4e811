#include "wire/dispatcher.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <unordered_map>

#include "base/assert.h"
#include "base/log.h"
#include "base/random.h"
#include "wire/blocking_pool.h"
#include "wire/errors.h"
#include "wire/json_form.h"
#include "wire/protocol.h"
#include "wire/validate.h"

namespace escapement::wire {
namespace {

using base::ErrorCode;
using base::make_error;
using base::Result;
using json::Value;

// Request ids need to be unlike each other, not unguessable.
std::string new_request_id() {
  thread_local base::SplitMix generator = [] {
    std::array<unsigned char, 8> bytes;
    base::secure_random(bytes);
    std::uint64_t seed = 0;
    for (const unsigned char byte : bytes) seed = seed << 8 | byte;
    return base::SplitMix(seed);
  }();
  return base::seeded_uuid(generator);
}

base::Error not_offered(const Model& model, std::string_view operation) {
  return make_error(ErrorCode::unsupported, "UnsupportedOperation",
                    "This server does not offer " + std::string(operation) + " of " +
                        (model.full_name.empty() ? model.name : model.full_name) + ".");
}

bool speaks_cbor(const http::Request& request) {
  return request.get("smithy-protocol") == "rpc-v2-cbor" || request.get("content-type").starts_with("application/cbor");
}

bool is_for_a_person(const http::Request& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         request.get("accept").find("text/html") != std::string_view::npos;
}

}  // namespace

class Dispatcher::Impl {
 public:
  Impl(DispatcherOptions options, identity::CredentialSource& credentials, const base::Clock& clock)
      : options_(std::move(options)),
        credentials_(credentials),
        clock_(clock),
        verifier_(credentials, options_.signatures),
        pool_(options_.blocking_threads, options_.blocking_queue_max) {
    models();
  }

  void add(std::shared_ptr<Service> service) {
    const Model* model = find_model(service->model());
    ESC_ASSERT(model != nullptr);
    ESC_ASSERT(services_.emplace(model, std::move(service)).second);
  }

  void add_page(std::string path, http::Handler page) { pages_.emplace_back(std::move(path), std::move(page)); }
  void set_fallback(http::Handler fallback) { fallback_ = std::move(fallback); }

  void handle(http::Request&& request, http::Responder responder) {
    if (request.method == "GET" || request.method == "HEAD") {
      for (const auto& [path, page] : pages_) {
        if (request.path() == path) return page(std::move(request), std::move(responder));
      }
    }
    const CredentialScope scope = find_credential_scope(request);
    Recognised recognised = recognise(request, scope);
    if (scope.service.empty() && fallback_ && (recognised.model == nullptr || is_for_a_person(request)) &&
        !request.find("x-amz-target")) {
      return fallback_(std::move(request), std::move(responder));
    }
    calls_.fetch_add(1, std::memory_order_relaxed);
    const std::string request_id = new_request_id();
    if (recognised.model == nullptr)
      return refuse_unknown(request, scope, recognised, request_id, std::move(responder));
    const Model& model = *recognised.model;
    auto call = prepare(request, recognised, request_id);
    if (!call) return respond_error(call.error(), model, request_id, responder);
    if (is_long_poll(model, recognised.operation->name) && responder) call->on_disconnect = responder.disconnect_hook();
    start(model, *recognised.operation, std::move(*call),
          [this, &model, operation = recognised.operation, request_id,
           responder = std::move(responder)](Result<Value> result) mutable {
            if (!result) return respond_error(result.error(), model, request_id, responder);
            responder.send(render_output(model, *operation, *result, request_id));
          });
  }

  void call(InternalCall inner, Respond respond) {
    const Model* model = find_model(inner.service);
    const Operation* operation = model != nullptr ? model->find_operation(inner.operation) : nullptr;
    if (operation == nullptr) {
      return respond(make_error(ErrorCode::unsupported, "UnsupportedOperation",
                                "This server does not know " + inner.service + ":" + inner.operation + "."));
    }
    if (inner.input.is_null()) inner.input = Value::object(std::vector<json::Member>{});
    if (operation->input != nullptr) {
      auto input = from_json(inner.input, *operation->input, BlobForm::raw);
      if (!input) return respond(std::move(input.error()));
      if (auto valid = validate(*input, *operation->input, *model); !valid) return respond(std::move(valid.error()));
      inner.input = std::move(*input);
    }
    Call call;
    call.service = model->name;
    call.operation = operation->name;
    call.region = std::move(inner.region);
    call.account =
        inner.principal != nullptr && !inner.principal->account.empty() ? inner.principal->account : options_.account;
    call.request_id = new_request_id();
    call.principal = std::move(inner.principal);
    call.input = std::move(inner.input);
    start(*model, *operation, std::move(call), std::move(respond));
  }

  bool offers(std::string_view service, std::string_view operation) const {
    const Model* model = find_model(service);
    if (model == nullptr || model->find_operation(operation) == nullptr) return false;
    const auto at = services_.find(model);
    return at != services_.end() && at->second->has(operation);
  }

  DispatcherFigures figures() const {
    return {calls_.load(std::memory_order_relaxed), client_errors_.load(std::memory_order_relaxed),
            server_errors_.load(std::memory_order_relaxed)};
  }

 private:
  // Everything before the service: its checks in AWS's order.
  Result<Call> prepare(const http::Request& request, const Recognised& recognised, const std::string& request_id) {
    const Model& model = *recognised.model;
    if (recognised.operation == nullptr) return recognised.error;
    Call call;
    call.service = model.name;
    call.operation = recognised.operation->name;
    call.account = options_.account;
    call.request_id = request_id;
    call.source_ip = request.peer;
    if (!recognised.operation->unsigned_allowed) {
      const base::Timestamp now = clock_.now();
      auto verified = verifier_.verify(request, now);
      if (!verified) return auth_error(verified.error(), model.protocol);
      if (verified->service != model.signing_name) {
        return auth_error(
            {SignatureFault::mismatch, "Credential should be scoped to correct service: '" + model.signing_name + "'."},
            model.protocol);
      }
      call.principal = verified->credentials->principal;
      call.region = std::move(verified->region);
      if (!call.principal->account.empty()) call.account = call.principal->account;
      credentials_.note_use(call.principal->access_key_id, model.signing_name, call.region, now);
    } else {
      call.region = find_credential_scope(request).region;
    }
    ESC_TRY(call.input, read_input(recognised, request, options_.json_depth_max));
    if (recognised.operation->input != nullptr) ESC_CHECK(validate(call.input, *recognised.operation->input, model));
    return call;
  }

  bool is_long_poll(const Model& model, std::string_view operation) const {
    const auto at = services_.find(&model);
    return at != services_.end() && at->second->is_long_poll(operation);
  }

  void start(const Model& model, const Operation& operation, Call call, Respond respond) {
    const auto at = services_.find(&model);
    if (at == services_.end() || !at->second->has(operation.name)) return respond(not_offered(model, operation.name));
    Service& service = *at->second;
    if (service.is_inline(operation.name)) return service.handle(std::move(call), std::move(respond));
    // The task may be handed back, so what it must answer with is shared with it.
    auto waiting = std::make_shared<std::pair<Call, Respond>>(std::move(call), std::move(respond));
    BlockingPool::Task task = [&service, waiting] {
      service.handle(std::move(waiting->first), std::move(waiting->second));
    };
    if (!pool_.submit(task))
      waiting->second(make_error(ErrorCode::unavailable, "ThrottlingException", "Rate exceeded"));
  }

  void respond_error(const base::Error& error, const Model& model, std::string_view request_id,
                     http::Responder& responder) {
    if (!is_own_fault(error)) return send_counted(render_error(error, model, request_id), responder);
    // What went wrong inside is the operator's to know; it may name files and what is in them.
    base::log(base::LogLevel::error, "wire", fmt::format("request {}: {}", request_id, error.to_string()));
    const std::string message = fmt::format("The server failed. Its log says why, under request {}.", request_id);
    send_counted(render_error(make_error(error.code, error.name, message), model, request_id), responder);
  }

  void refuse_unknown(const http::Request& request, const CredentialScope& scope, const Recognised& recognised,
                      std::string_view request_id, http::Responder responder) {
    if (speaks_cbor(request)) {
      return send_counted(
          render_unknown(415, "UnsupportedProtocol",
                         "This server does not speak Smithy RPC v2 CBOR; use the service's JSON protocol.", request_id),
          responder);
    }
    if (request.find("x-amz-target"))
      return send_counted(render_unknown(400, "UnknownOperationException", "", request_id), responder);
    if (!scope.service.empty()) {
      return send_counted(
          render_unknown(400, "UnknownService",
                         "This server does not offer the service '" + std::string(scope.service.substr(0, 64)) + "'.",
                         request_id),
          responder);
    }
    if (!recognised.error.name.empty() && recognised.form)
      return send_counted(render_unknown(400, recognised.error.name, recognised.error.message, request_id), responder);
    send_counted(render_unknown(404, "UnknownOperationException", "There is nothing here.", request_id), responder);
  }

  void send_counted(http::Response response, http::Responder& responder) {
    (response.status >= 500 ? server_errors_ : client_errors_).fetch_add(1, std::memory_order_relaxed);
    responder.send(std::move(response));
  }

  const DispatcherOptions options_;
  identity::CredentialSource& credentials_;
  const base::Clock& clock_;
  const SigV4Verifier verifier_;
  std::unordered_map<const Model*, std::shared_ptr<Service>> services_;
  std::vector<std::pair<std::string, http::Handler>> pages_;
  http::Handler fallback_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> client_errors_{0};
  std::atomic<std::uint64_t> server_errors_{0};
  BlockingPool pool_;  // last: its threads use everything above
};

Dispatcher::Dispatcher(DispatcherOptions options, identity::CredentialSource& credentials, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), credentials, clock)) {}
Dispatcher::~Dispatcher() = default;
void Dispatcher::add(std::shared_ptr<Service> service) { impl_->add(std::move(service)); }
void Dispatcher::add_page(std::string path, http::Handler page) { impl_->add_page(std::move(path), std::move(page)); }
void Dispatcher::set_fallback(http::Handler fallback) { impl_->set_fallback(std::move(fallback)); }
void Dispatcher::handle(http::Request&& request, http::Responder responder) {
  impl_->handle(std::move(request), std::move(responder));
}
void Dispatcher::call(InternalCall call, Respond respond) { impl_->call(std::move(call), std::move(respond)); }
bool Dispatcher::offers(std::string_view service, std::string_view operation) const {
  return impl_->offers(service, operation);
}
DispatcherFigures Dispatcher::figures() const { return impl_->figures(); }

}  // namespace escapement::wire
