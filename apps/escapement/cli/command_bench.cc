#include "escapement/cli/command_bench.h"

#include <fstream>

#include <fmt/format.h>

#include "escapement/cli/table.h"
#include "json/print.h"

namespace escapement::cli {
namespace {

using json::Value;

base::Result<Value> run(const CommonOptions& common, const BenchOptions& options) {
  if (options.scenario == "limits") return load::run_limits(options.load);
  ESC_TRY(const std::unique_ptr<client::Api> api, connect(common));
  if (options.scenario == "starts") return load::run_starts(*api, options.load);
  if (options.scenario == "wait-function") return load::run_wait_function(*api, options.load);
  if (options.scenario == "pass-choice-pass") return load::run_pass_choice_pass(*api, options.load);
  if (options.scenario == "activity") return load::run_activity(*api, options.load);
  if (options.scenario == "pending") return load::run_pending(*api, options.load);
  load::Options fire = options.load;
  if (options.scenario == "burst") fire.rate = 0;
  return load::run_fire(*api, fire);
}

std::string figure_text(const Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_number() && !value.is_integer()) return fmt::format("{:.3f}", value.as_double());
  return json::print(value);
}

// "ack_p99_ms" -> "ack p99 ms"
std::string figure_name(std::string name) {
  for (char& c : name) {
    if (c == '_') c = ' ';
  }
  return name;
}

}  // namespace

const std::vector<std::string>& bench_scenarios() {
  static const std::vector<std::string> scenarios = {"starts",           "fire",     "burst",   "wait-function",
                                                     "pass-choice-pass", "activity", "pending", "limits"};
  return scenarios;
}

int bench(const CommonOptions& common, const BenchOptions& options) {
  const auto figures = run(common, options);
  if (!figures) return report(figures.error());
  const std::string line = json::print(*figures) + '\n';
  if (!options.out.empty()) {
    std::ofstream file(options.out, std::ios::app);
    file << line;
    if (!file.flush()) return report(base::make_error(base::ErrorCode::io, "cannot write " + options.out));
  }
  if (common.json) {
    print(line);
    return kExitOk;
  }
  const Terminal terminal = Terminal::of(1);
  Table table({});
  for (const auto& [name, value] : figures->members())
    table.add({Cell(figure_name(name), Style::dim), number_cell(figure_text(value))});
  print(table.render(terminal));
  return kExitOk;
}

}  // namespace escapement::cli
