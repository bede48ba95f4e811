#include <filesystem>
#include <fstream>

#include "load/preparation.h"
#include "load/scenario.h"
#include "load/start_driver.h"

namespace escapement::load {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFarAheadSeconds = 30'000'000;
constexpr std::uint64_t kDefaultCount = 100'000;

// Resident memory of a process in bytes; 0 if it cannot be read.
std::int64_t resident_bytes(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    std::int64_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib * 1'024;
  }
  return 0;
}

// What a folder's files take on the disk. The server works on while this looks, so files may vanish.
std::int64_t disk_bytes(const std::string& folder) {
  std::int64_t total = 0;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder, error); !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code gone;
    if (!it->is_regular_file(gone)) continue;
    const auto size = it->file_size(gone);
    if (!gone) total += static_cast<std::int64_t>(size);
  }
  return total;
}

struct Footprint {
  std::int64_t resident = 0;
  std::int64_t disk = 0;
};

Footprint measure(const Options& options) {
  return {options.server_pid > 0 ? resident_bytes(options.server_pid) : 0,
          options.server_data_dir.empty() ? 0 : disk_bytes(options.server_data_dir)};
}

}  // namespace

base::Result<json::Value> run_pending(client::Api& api, const Options& options) {
  ESC_TRY(const std::string machine, prepare_machine(api, "wait-seconds", wait_seconds_definition()));
  ESC_TRY(const Address address, address_of(api));
  const Footprint before = measure(options);
  const std::uint64_t count = options.count != 0 ? options.count : kDefaultCount;
  StartDriver driver(states_request(api, "StartExecution"),
                     {machine, wait_input(kFarAheadSeconds, options.input_bytes), count, {}, 0});
  ESC_TRY(const DriveFigures figures, drive(address, options.connections, driver));
  const Footprint after = measure(options);

  const auto per_execution = [&](std::int64_t bytes) {
    return rounded(static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(driver.accepted(), 1)));
  };
  json::ObjectBuilder out;
  out.set("scenario", "pending").set("connections", static_cast<std::int64_t>(options.connections));
  out.set("input_bytes", static_cast<std::int64_t>(options.input_bytes));
  add_start_figures(out, driver, figures);
  if (after.resident > 0) {
    out.set("server_resident_bytes", after.resident)
        .set("resident_bytes_per_execution", per_execution(after.resident - before.resident));
  }
  if (after.disk > 0)
    out.set("disk_bytes", after.disk).set("disk_bytes_per_execution", per_execution(after.disk - before.disk));
  return std::move(out).build();
}

}  // namespace escapement::load
