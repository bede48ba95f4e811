// A function service for tests and benchmarks: its own folder, a store in memory, functions made from texts.
#pragma once

#include <zip.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "functions/function_record.h"
#include "functions/function_service.h"
#include "json/print.h"
#include "json/value.h"
#include "store/memory/memory_store.h"

namespace escapement::functions {

class CollectedLogs final : public LogSink {
 public:
  void append(const LogLine& line) override {
    {
      const std::lock_guard lock(mutex_);
      if (text_.size() < 16u << 20) text_.append(line.text);
    }
    grown_.notify_all();
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    text_.clear();
  }
  bool wait_for(std::string_view what) {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::chrono::seconds(20), [&] { return text_.find(what) != std::string::npos; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::string text_;
};

class NoLogs final : public LogSink {
 public:
  void append(const LogLine&) override {}
};

using Files = std::vector<std::pair<std::string, std::string>>;

inline std::string make_zip(const Files& files) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const target = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(target);
  zip_t* const archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);
  for (const auto& [name, content] : files) {
    const auto index = zip_file_add(archive, name.c_str(),
                                    zip_source_buffer(archive, content.data(), content.size(), 0), ZIP_FL_OVERWRITE);
    zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(index), 0, ZIP_OPSYS_UNIX, 0100755u << 16);
  }
  zip_close(archive);
  zip_source_open(target);
  zip_source_seek(target, 0, SEEK_END);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(target)), '\0');
  zip_source_seek(target, 0, SEEK_SET);
  zip_source_read(target, bytes.data(), bytes.size());
  zip_source_close(target);
  zip_source_free(target);
  return bytes;
}

struct TestFunction {
  std::string runtime;
  std::string handler;
  std::int64_t timeout_seconds = 10;
  std::int64_t memory_mb = 128;
  std::int64_t reserved = -1;
  std::vector<std::pair<std::string, std::string>> environment = {};
};

class TestService {
 public:
  explicit TestService(LogSink* sink = nullptr) : sink_(sink == nullptr ? &logs : sink) {
    char name[] = "/tmp/esc-functions-XXXXXX";
    directory = ::mkdtemp(name);
    restart();
  }
  ~TestService() {
    service.reset();
    std::filesystem::remove_all(directory);
  }

  void restart() {
    service.reset();
    catalog = *store::Catalog::open(store, "C");
    Options options{.directory = (directory / "functions").string()};
    options.endpoint_url = "http://127.0.0.1:1";
    auto opened = FunctionService::open(
        store, *catalog, clock, *sink_,
        [this](const std::string&, const std::string&, const std::string&) -> base::Result<FunctionCredentials> {
          return FunctionCredentials{"ASIATEST", "secret", "token", clock.now() + base::Duration::seconds(3'600)};
        },
        std::move(options));
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
      std::abort();
    }
    service = std::move(*opened);
  }

  void add_function(const std::string& name, const TestFunction& function, const Files& files) {
    const auto code = service->code_store().put(make_zip(files));
    json::ObjectBuilder variables;
    for (const auto& [key, value] : function.environment) variables.set(key, value);
    const json::Value configuration =
        json::Value::object({{"FunctionName", name},
                             {"Version", "$LATEST"},
                             {"Runtime", function.runtime},
                             {"Handler", function.handler},
                             {"Role", "arn:aws:iam::000000000000:role/r"},
                             {"Timeout", function.timeout_seconds},
                             {"MemorySize", function.memory_mb},
                             {"Environment", json::Value::object({{"Variables", std::move(variables).build()}})}});
    const json::Value record = json::Value::object({{"Configuration", configuration}, {"Code", code->sha256_hex}});
    const auto changed = catalog->update([&](store::CatalogTransaction& transaction) -> base::Result<void> {
      transaction.put(version_key("us-east-1", name, "$LATEST"), json::print(record));
      if (function.reserved >= 0) {
        transaction.put(function_key("us-east-1", name),
                        json::print(json::Value::object({{"ReservedConcurrency", function.reserved}})));
      }
      return {};
    });
    if (!changed) std::abort();
    service->function_changed("us-east-1", name);
  }

  std::future<base::Result<InvokeResult>> start_call(InvokeRequest request) {
    std::promise<base::Result<InvokeResult>> promise;
    auto future = promise.get_future();
    service->invoke(std::move(request), [promise = std::move(promise)](base::Result<InvokeResult> result) mutable {
      promise.set_value(std::move(result));
    });
    return future;
  }
  base::Result<InvokeResult> call(InvokeRequest request) { return start_call(std::move(request)).get(); }
  base::Result<InvokeResult> call(const std::string& function, const std::string& payload,
                                  const std::string& request_id = {}) {
    return call({.function = function, .region = "us-east-1", .payload = payload, .request_id = request_id});
  }

  std::filesystem::path directory;
  base::VirtualClock clock{base::Timestamp::from_seconds(1'700'000'000)};
  CollectedLogs logs;
  store::MemoryStore store;
  std::unique_ptr<store::Catalog> catalog;
  std::unique_ptr<FunctionService> service;

 private:
  LogSink* sink_;
};

}  // namespace escapement::functions
