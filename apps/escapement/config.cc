#include "config.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <sstream>
#include <variant>

namespace escapement::app {
namespace {

using base::ErrorCode;
using base::make_error;

struct Count {
  std::int64_t Config::* member;
  std::int64_t min;
  std::int64_t max;
};
struct Bytes {
  std::int64_t Config::* member;
  std::int64_t min;
  std::int64_t max;
};
struct Span {
  base::Duration Config::* member;
};
struct Text {
  std::string Config::* member;
};
struct Switch {
  bool Config::* member;
};
using Kind = std::variant<Count, Bytes, Span, Text, Switch>;

struct Entry {
  const char* section;
  const char* name;
  Kind kind;
  const char* description;
};

constexpr std::int64_t kGiB = 1'024ll * 1'024 * 1'024;

const std::vector<Entry>& entries() {
  static const std::vector<Entry> table = {
      {"server", "account", Text{&Config::account}, "The account id, twelve digits, that resources belong to."},
      {"server", "region", Text{&Config::region}, "The region that `escapement env` names. Any region is accepted."},
      {"server", "log_level", Text{&Config::log_level}, "debug, info, warning or error."},
      {"server", "network_threads", Count{&Config::network_threads, 1, 64},
       "Event loops that read and answer requests."},
      {"server", "blocking_threads", Count{&Config::blocking_threads, 1, 256},
       "Threads for operations that read or write the disk."},
      {"server", "blocking_queue_max", Count{&Config::blocking_queue_max, 1, 1'000'000},
       "Operations waiting for such a thread; more get ThrottlingException."},
      {"server", "connections_max", Count{&Config::connections_max, 1, 1'000'000},
       "Open client connections; more get 503."},
      {"server", "header_bytes_max", Bytes{&Config::header_bytes_max, 1'024, 16 * 1'024 * 1'024},
       "A request's line and headers; more get 431."},
      {"server", "body_bytes_max", Bytes{&Config::body_bytes_max, 1'024, 4 * kGiB}, "A request's body; more get 413."},
      {"server", "bodies_bytes_max", Bytes{&Config::bodies_bytes_max, 1 << 20, 64 * kGiB},
       "All requests' bodies at once, those up to 64 KiB not counted; more get 503."},
      {"server", "header_timeout", Span{&Config::header_timeout},
       "From a request's first byte to the end of its headers."},
      {"server", "body_timeout", Span{&Config::body_timeout},
       "How long a client may pause within a request's body, or in reading an answer."},
      {"server", "idle_timeout", Span{&Config::idle_timeout}, "Between two requests of a connection."},
      {"server", "drain_timeout", Span{&Config::drain_timeout}, "How long SIGTERM lets requests in flight finish."},
      {"server", "tls_certificate_file", Text{&Config::tls_certificate_file},
       "PEM file; with tls_key_file the listener speaks TLS."},
      {"server", "tls_key_file", Text{&Config::tls_key_file}, "PEM file of the certificate's key."},
      {"store", "memtable_bytes", Bytes{&Config::memtable_bytes, 1 << 20, 4 * kGiB},
       "The write buffers of the database, together."},
      {"store", "block_cache_bytes", Bytes{&Config::block_cache_bytes, 1 << 20, 64 * kGiB},
       "Memory for blocks, indexes and filters."},
      {"store", "wal_bytes_max", Bytes{&Config::wal_bytes_max, 1 << 20, 16 * kGiB},
       "The write-ahead log; bounds what a start after a crash replays."},
      {"store", "disk_reserve_bytes", Bytes{&Config::disk_reserve_bytes, 0, 1024 * kGiB},
       "With less free on the disk, changes are refused until there is room."},
      {"engine", "partitions", Count{&Config::partitions, 1, 4'096},
       "Virtual partitions of a new data directory; fixed from then on."},
      {"engine", "shards", Count{&Config::shards, 1, 64},
       "Threads that run executions, each owning a share of the partitions."},
      {"engine", "queue_commands_max", Count{&Config::queue_commands_max, 1, 10'000'000},
       "Commands waiting for a shard; more get ThrottlingException."},
      {"engine", "batch_commands_max", Count{&Config::batch_commands_max, 1, 100'000}, "Commands in one commit."},
      {"engine", "resident_timers_max", Count{&Config::resident_timers_max, 16, 100'000'000},
       "Timers in memory per shard; later ones stay on disk."},
      {"engine", "cached_executions_max", Count{&Config::cached_executions_max, 1, 10'000'000},
       "Executions in memory per shard."},
      {"engine", "dispatched_tasks_max", Count{&Config::dispatched_tasks_max, 1, 10'000'000},
       "Tasks in flight per shard; more wait."},
      {"engine", "retention", Span{&Config::retention}, "How long closed executions can be read (AWS: 90 days)."},
      {"engine", "payload_bytes_max", Bytes{&Config::payload_bytes_max, 1'024, 64 * 1'024 * 1'024},
       "Input and output of an execution or state (AWS: 256 KiB)."},
      {"engine", "history_events_max", Count{&Config::history_events_max, 100, 10'000'000},
       "Events of an execution before it is ended (AWS: 25,000)."},
      {"functions", "concurrent_executions_max", Count{&Config::concurrent_executions_max, 1, 100'000},
       "Invocations running at once over all functions."},
      {"functions", "warm_processes_max", Count{&Config::warm_processes_max, 1, 10'000},
       "Function processes alive at once."},
      {"functions", "idle_timeout", Span{&Config::idle_timeout_functions},
       "How long a warm process waits for its next event."},
      {"functions", "sandbox", Switch{&Config::sandbox},
       "Run functions in namespaces and under resource limits (docs/sandbox.md)."},
      {"functions", "retired_runtimes", Switch{&Config::retired_runtimes},
       "Accept new functions of runtimes that AWS has retired (nodejs14.x, python3.7…)."},
      {"identity", "clock_skew_max", Span{&Config::clock_skew_max},
       "How far a signature's date may be from the server's clock."},
  };
  return table;
}

struct EndpointEntry {
  const char* name;
  std::string ServiceEndpoint::* member;
  const char* description;
};

constexpr EndpointEntry kEndpointEntries[] = {
    {"url", &ServiceEndpoint::url,
     "Where tasks of state machines reach SERVICE (sqs, dynamodb, …), which this server does not offer itself."},
    {"region", &ServiceEndpoint::region, "The region that requests are signed for; else that of the state machine."},
    {"access_key_id", &ServiceEndpoint::access_key_id, "The key that requests are signed with."},
    {"secret_access_key", &ServiceEndpoint::secret_access_key, "Its secret; keep the file's mode 0600."},
    {"session_token", &ServiceEndpoint::session_token, "The token of temporary credentials."},
};
constexpr const char* kEndpointSection = "endpoints.SERVICE";
constexpr const char* kBucketSection = "buckets";

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

struct Unit {
  std::string_view suffix;
  std::int64_t factor;
};
constexpr Unit kByteUnits[] = {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
constexpr Unit kTimeUnits[] = {{"", 1'000'000},   {"ms", 1'000},        {"s", 1'000'000},
                               {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}};

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || n < 0) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& unit : units) {
    if (unit.suffix == suffix && n <= INT64_MAX / unit.factor) return n * unit.factor;
  }
  return std::nullopt;
}

std::string print_with_unit(std::int64_t n, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (!unit.suffix.empty() && n % unit.factor == 0 && (n != 0) && unit.factor >= best->factor) best = &unit;
  }
  return fmt::format("{}{}", n / best->factor, best->suffix);
}

// A number with an optional unit: `256` or "256KiB".
std::optional<std::int64_t> number_of(const toml::node& node, std::span<const Unit> units) {
  if (const auto integer = node.value_exact<std::int64_t>())
    return *integer >= 0 ? std::optional(*integer * units.front().factor) : std::nullopt;
  if (const auto text = node.value_exact<std::string>()) return parse_with_unit(*text, units);
  return std::nullopt;
}

// What was expected, or nothing when the setting was taken.
std::optional<std::string> take(Config& config, const Kind& kind, const toml::node& node) {
  const auto ranged = [&](std::int64_t Config::* member, std::optional<std::int64_t> value, std::int64_t min,
                          std::int64_t max, std::string_view what) -> std::optional<std::string> {
    if (!value || *value < min || *value > max) return fmt::format("{} from {} to {}", what, min, max);
    config.*member = *value;
    return std::nullopt;
  };
  return std::visit(Overloaded{
                        [&](const Count& k) {
                          return ranged(k.member, node.value_exact<std::int64_t>(), k.min, k.max, "a whole number");
                        },
                        [&](const Bytes& k) {
                          return ranged(k.member, number_of(node, kByteUnits), k.min, k.max, "bytes (\"256KiB\")");
                        },
                        [&](const Span& k) -> std::optional<std::string> {
                          const auto value = number_of(node, kTimeUnits);
                          if (!value) return "a duration (\"90s\", \"15m\", \"30d\")";
                          config.*k.member = base::Duration{*value};
                          return std::nullopt;
                        },
                        [&](const Text& k) -> std::optional<std::string> {
                          const auto value = node.value_exact<std::string>();
                          if (!value) return "a text in quotes";
                          config.*k.member = *value;
                          return std::nullopt;
                        },
                        [&](const Switch& k) -> std::optional<std::string> {
                          const auto value = node.value_exact<bool>();
                          if (!value) return "true or false";
                          config.*k.member = *value;
                          return std::nullopt;
                        },
                    },
                    kind);
}

std::string print_default(const Kind& kind) {
  const Config defaults;
  return std::visit(Overloaded{
                        [&](const Count& k) { return std::to_string(defaults.*k.member); },
                        [&](const Bytes& k) { return '"' + print_with_unit(defaults.*k.member, kByteUnits) + '"'; },
                        [&](const Span& k) { return '"' + print_with_unit((defaults.*k.member).us, kTimeUnits) + '"'; },
                        [&](const Text& k) { return '"' + defaults.*k.member + '"'; },
                        [&](const Switch& k) { return std::string(defaults.*k.member ? "true" : "false"); },
                    },
                    kind);
}

base::Error at(std::string_view source, const toml::source_region& region, std::string message) {
  return make_error(ErrorCode::invalid, fmt::format("{}:{}: {}", source, region.begin.line, message));
}

// `section` is "endpoints" or "buckets"; `service` the service's or the bucket's name.
base::Result<ServiceEndpoint> read_endpoint(std::string_view kind, const std::string& service,
                                            const toml::node& section, std::string_view source) {
  const toml::table* table = section.as_table();
  if (table == nullptr) return at(source, section.source(), fmt::format("'{}.{}' must be a section", kind, service));
  ServiceEndpoint endpoint{.service = service};
  for (const auto& [name, node] : *table) {
    const EndpointEntry* found = nullptr;
    for (const EndpointEntry& entry : kEndpointEntries) {
      if (name.str() == entry.name) found = &entry;
    }
    if (found == nullptr) {
      return at(
          source, node.source(),
          fmt::format("there is no setting '{}.{}.{}'; `escapement config` lists all", kind, service, name.str()));
    }
    const auto value = node.value_exact<std::string>();
    if (!value)
      return at(source, node.source(), fmt::format("'{}.{}.{}' must be a text in quotes", kind, service, name.str()));
    endpoint.*found->member = *value;
  }
  if (!endpoint.url.starts_with("http://") && !endpoint.url.starts_with("https://")) {
    return at(source, section.source(),
              fmt::format("'{}.{}.url' must be an http:// or https:// address", kind, service));
  }
  return endpoint;
}

base::Result<void> read_buckets(Config& config, const toml::table& section, std::string_view source) {
  for (const auto& [bucket, node] : section) {
    if (node.is_table()) {
      ESC_TRY(ServiceEndpoint endpoint, read_endpoint(kBucketSection, std::string(bucket.str()), node, source));
      config.s3_buckets.push_back(std::move(endpoint));
      continue;
    }
    const auto folder = node.value_exact<std::string>();
    if (!folder || !folder->starts_with('/')) {
      return at(source, node.source(),
                fmt::format("'buckets.{}' must be the path of a folder, from / on, in quotes, or a section with a url",
                            bucket.str()));
    }
    config.buckets.emplace(bucket.str(), *folder);
  }
  return {};
}

base::Result<void> check(const Config& config, std::string_view source) {
  const auto fail = [&](std::string message) {
    return make_error(ErrorCode::invalid, fmt::format("{}: {}", source, message));
  };
  if (config.account.size() != 12 || config.account.find_first_not_of("0123456789") != std::string::npos) {
    return fail("server.account must have twelve digits");
  }
  if (config.log_level != "debug" && config.log_level != "info" && config.log_level != "warning" &&
      config.log_level != "error") {
    return fail("server.log_level must be debug, info, warning or error");
  }
  if (config.tls_certificate_file.empty() != config.tls_key_file.empty()) {
    return fail("server.tls_certificate_file and server.tls_key_file go together");
  }
  return {};
}

}  // namespace

std::vector<Setting> all_settings() {
  std::vector<Setting> settings;
  for (const Entry& entry : entries()) {
    settings.push_back({fmt::format("{}.{}", entry.section, entry.name), print_default(entry.kind), entry.description});
  }
  for (const EndpointEntry& entry : kEndpointEntries)
    settings.push_back({fmt::format("{}.{}", kEndpointSection, entry.name), "\"\"", entry.description});
  settings.push_back({fmt::format("{}.NAME", kBucketSection), "\"\"",
                      "The folder that stands for the S3 bucket NAME, where distributed Maps read items and write "
                      "results; or a section "
                      "[buckets.NAME] with url, region and keys, as for endpoints, of an S3-compatible server."});
  return settings;
}

std::string settings_as_toml() {
  std::string text;
  std::string section;
  for (const Setting& setting : all_settings()) {
    const std::size_t dot = setting.name.rfind('.');
    const std::string its_section = setting.name.substr(0, dot);
    // A section of no service, or a bucket of no folder, would be an error, so it is shown as a comment.
    const char* const prefix = its_section == kEndpointSection || its_section == kBucketSection ? "#" : "";
    if (its_section != section) text += fmt::format("{}{}[{}]\n", text.empty() ? "" : "\n", prefix, its_section);
    text += fmt::format("# {}\n{}{} = {}\n", setting.description, prefix, setting.name.substr(dot + 1),
                        setting.default_value);
    section = its_section;
  }
  return text;
}

base::Result<Config> parse_config(std::string_view text, std::string_view source) {
  toml::table root;
  try {
    root = toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    return at(source, error.source(), std::string(error.description()));
  }
  Config config;
  for (const auto& [section_name, section] : root) {
    const toml::table* table = section.as_table();
    if (table == nullptr)
      return at(source, section.source(), fmt::format("'{}' must be a section", section_name.str()));
    if (section_name.str() == "endpoints") {
      for (const auto& [service, endpoint] : *table) {
        ESC_TRY(ServiceEndpoint read, read_endpoint("endpoints", std::string(service.str()), endpoint, source));
        config.endpoints.push_back(std::move(read));
      }
      continue;
    }
    if (section_name.str() == kBucketSection) {
      ESC_CHECK(read_buckets(config, *table, source));
      continue;
    }
    for (const auto& [name, node] : *table) {
      const Entry* found = nullptr;
      for (const Entry& entry : entries()) {
        if (section_name.str() == entry.section && name.str() == entry.name) found = &entry;
      }
      if (found == nullptr) {
        return at(
            source, node.source(),
            fmt::format("there is no setting '{}.{}'; `escapement config` lists all", section_name.str(), name.str()));
      }
      if (const auto expected = take(config, found->kind, node)) {
        return at(source, node.source(), fmt::format("'{}.{}' must be {}", section_name.str(), name.str(), *expected));
      }
    }
  }
  ESC_CHECK(check(config, source));
  return config;
}

base::Result<Config> load_config(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return Config{};
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return make_error(ErrorCode::io, fmt::format("cannot read {}", path));
  return parse_config(text.str(), path);
}

}  // namespace escapement::app
