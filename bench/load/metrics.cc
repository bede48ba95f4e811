#include "load/metrics.h"

#include <charconv>

namespace escapement::load {

Metrics Metrics::parse(std::string_view page) {
  Metrics metrics;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(page.size(), line.size() + 1));
    const auto blank = line.rfind(' ');
    if (line.empty() || line.front() == '#' || blank == line.npos) continue;
    double value = 0;
    const auto [end, error] = std::from_chars(line.data() + blank + 1, line.data() + line.size(), value);
    if (error == std::errc{}) metrics.values_[std::string(line.substr(0, blank))] = value;
  }
  return metrics;
}

base::Result<Metrics> Metrics::fetch(client::Api& api) {
  ESC_TRY(const std::string page, api.page("/metrics"));
  return parse(page);
}

double Metrics::get(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->second;
}

}  // namespace escapement::load
