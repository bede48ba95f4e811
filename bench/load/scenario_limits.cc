#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/random.h"
#include "http/server.h"
#include "load/connections.h"
#include "load/scenario.h"
#include "load/start_driver.h"

namespace escapement::load {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kAppendBytes = 4'096;
constexpr std::size_t kRocksBatch = 100;
constexpr std::size_t kRocksKeyBytes = 16;
constexpr std::size_t kRocksValueBytes = 284;
constexpr std::size_t kRequestBytes = 700;  // with its header about what StartExecution sends

double seconds_since(Steady::time_point begin) { return std::chrono::duration<double>(Steady::now() - begin).count(); }

class TemporaryFolder {
 public:
  static base::Result<std::unique_ptr<TemporaryFolder>> make(const std::string& parent) {
    std::string path = parent + "/escapement-limits-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
      return base::make_error(base::ErrorCode::io, "cannot make a folder in " + parent);
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

base::Result<double> fdatasyncs_per_second(const std::string& folder, double seconds) {
  const int fd = ::open((folder + "/append").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return base::make_error(base::ErrorCode::io, "cannot write in " + folder);
  const std::string block(kAppendBytes, 'x');
  const auto begin = Steady::now();
  std::uint64_t count = 0;
  bool ok = true;
  while (ok && seconds_since(begin) < seconds) {
    ok = ::write(fd, block.data(), block.size()) == static_cast<ssize_t>(block.size()) && ::fdatasync(fd) == 0;
    ++count;
  }
  const double elapsed = seconds_since(begin);
  ::close(fd);
  if (!ok) return base::make_error(base::ErrorCode::io, "writing in " + folder + " failed");
  return static_cast<double>(count) / elapsed;
}

// Synced batches of kRocksBatch puts by one writer; keys that grow with time, or random ones.
base::Result<double> rocksdb_puts_per_second(const std::string& folder, bool monotonic, double seconds) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (const auto status = rocksdb::DB::Open(options, folder + (monotonic ? "/monotonic" : "/random"), &opened);
      !status.ok()) {
    return base::make_error(base::ErrorCode::io, status.ToString());
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::WriteOptions sync;
  sync.sync = true;
  base::SplitMix random(1);
  const std::string value(kRocksValueBytes, 'v');
  std::uint64_t count = 0;
  const auto begin = Steady::now();
  while (seconds_since(begin) < seconds) {
    rocksdb::WriteBatch batch;
    for (std::size_t i = 0; i < kRocksBatch; ++i, ++count) {
      std::string key;
      base::ByteWriter writer(key);
      writer.u64_be(monotonic ? count : random.next());
      key.resize(kRocksKeyBytes, 'k');
      batch.Put(key, value);
    }
    if (const auto status = db->Write(sync, &batch); !status.ok())
      return base::make_error(base::ErrorCode::io, status.ToString());
  }
  return static_cast<double>(count) / seconds_since(begin);
}

// Unsigned requests against a server that answers without doing anything.
class BareDriver final : public Driver {
 public:
  BareDriver(std::uint16_t port, double seconds)
      : request_("POST / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                 "\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: " + std::to_string(kRequestBytes) +
                 "\r\n\r\n" + std::string(kRequestBytes, 'x')),
        end_(Steady::now() + std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6))) {}

  bool next(unsigned, std::string& out) override {
    if (Steady::now() >= end_) return false;
    out += request_;
    return true;
  }
  void done(unsigned, const Answer&) override {}

 private:
  std::string request_;
  Steady::time_point end_;
};

base::Result<DriveFigures> bare_http(unsigned connections, double seconds) {
  http::Server server(http::ServerOptions{}, [](http::Request&&, http::Responder responder) {
    http::Response response;
    response.content_type = "application/x-amz-json-1.0";
    response.body.assign(100, 'x');
    responder.send(std::move(response));
  });
  ESC_TRY(const std::uint16_t port, server.listen_tcp("127.0.0.1", 0));
  BareDriver driver(port, seconds);
  auto figures = drive({"127.0.0.1", port}, connections, driver);
  server.stop();
  return figures;
}

}  // namespace

base::Result<json::Value> run_limits(const Options& options) {
  ESC_TRY(const std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::make(options.directory));
  ESC_TRY(const double syncs, fdatasyncs_per_second(folder->path(), options.seconds));
  ESC_TRY(const double monotonic, rocksdb_puts_per_second(folder->path(), true, options.seconds));
  ESC_TRY(const double random, rocksdb_puts_per_second(folder->path(), false, options.seconds));
  ESC_TRY(const DriveFigures http, bare_http(options.connections, options.seconds));
  json::ObjectBuilder out;
  out.set("scenario", "limits").set("connections", static_cast<std::int64_t>(options.connections));
  out.set("fdatasync_4k_per_s", rounded(syncs));
  out.set("rocksdb_synced_puts_per_s_batch_100_monotonic", rounded(monotonic));
  out.set("rocksdb_synced_puts_per_s_batch_100_random", rounded(random));
  out.set("bare_http_per_s", rounded(static_cast<double>(http.answers) / std::max(http.elapsed.as_seconds(), 1e-3)));
  out.set("bare_http_client_cpu_us", rounded(static_cast<double>(http.own_cpu.us) /
                                             static_cast<double>(std::max<std::uint64_t>(http.answers, 1))));
  return std::move(out).build();
}

}  // namespace escapement::load
