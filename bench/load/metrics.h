// What a server says about itself on /metrics: names with their labels, and numbers.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "escapement/client/api.h"

namespace escapement::load {

class Metrics {
 public:
  // The Prometheus text format; lines that are none are passed over.
  static Metrics parse(std::string_view page);
  // Errors: those of Api::page().
  static base::Result<Metrics> fetch(client::Api& api);

  // 0 for a name that is not there. `name` has its labels as on the page: lateness_quantile{quantile="0.5"}.
  double get(const std::string& name) const;
  bool has(const std::string& name) const { return values_.contains(name); }

 private:
  std::map<std::string, double> values_;
};

}  // namespace escapement::load
