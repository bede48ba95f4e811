// Starts executions as fast as the connections allow, up to a count or a time.
//
// Threading: the driving thread only; read it when drive() has returned.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "json/value.h"
#include "load/connections.h"
#include "load/signed_request.h"

namespace escapement::load {

// Appends the input of the n-th execution (from 0) as it stands inside a JSON string: with its quotes escaped.
using InputWriter = std::function<void(std::string& out, std::uint64_t n)>;

struct StartPlan {
  std::string machine_arn;
  InputWriter write_input;
  std::uint64_t count = 0;  // 0: until `duration` has passed
  base::Duration duration;
  std::uint64_t keep_every = 0;  // keeps the ARN of every so many-th execution; 0: of none
};

struct KeptExecution {
  std::uint64_t n;
  std::string arn;
};

class StartDriver final : public Driver {
 public:
  StartDriver(SignedRequest request, StartPlan plan);

  bool next(unsigned connection, std::string& out) override;
  void done(unsigned connection, const Answer& answer) override;

  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t refused() const { return refused_; }
  const std::string& first_refusal() const { return first_refusal_; }
  const base::Histogram& latency() const { return latency_; }
  const std::vector<KeptExecution>& kept() const { return kept_; }
  base::Timestamp last_accepted() const { return last_accepted_; }

 private:
  void keep(std::uint64_t n, std::string_view body);

  SignedRequest request_;
  StartPlan plan_;
  std::string body_;
  base::Timestamp deadline_;
  std::uint64_t sent_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::string first_refusal_;
  base::Histogram latency_;
  std::vector<std::uint64_t> in_flight_;  // by connection: which execution
  std::vector<KeptExecution> kept_;
  base::Timestamp last_accepted_;
};

// Text that differs from one execution to the next and hardly compresses (64 letters, drawn evenly), as real inputs do
// and repeated ones do not: disk figures would flatter. The n-th is always the same.
class Padding {
 public:
  explicit Padding(std::size_t bytes);
  std::string_view of(std::uint64_t n) const;

 private:
  std::size_t bytes_;
  std::string text_;
};

// {"waitSeconds": S, "n": N, "pad": "xxx…"} of about `bytes` bytes.
InputWriter wait_input(std::int64_t wait_seconds, std::size_t bytes);

// The figures that every load of starts has: accepted, refused, rate, latency, own CPU.
void add_start_figures(json::ObjectBuilder& out, const StartDriver& driver, const DriveFigures& figures);

// A figure with at most three digits after the point.
json::Value rounded(double value);
json::Value milliseconds(base::Duration d);

}  // namespace escapement::load
