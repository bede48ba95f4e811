#include "load/start_driver.h"

#include <charconv>
#include <cmath>

#include "base/clock.h"
#include "base/random.h"

namespace escapement::load {
namespace {

constexpr std::size_t kRefusalShown = 300;
constexpr std::size_t kPadTextBytes = 1 << 20;
constexpr std::uint64_t kPadSeed = 20220304;

void append_number(std::string& out, std::uint64_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

base::Timestamp wall_now() { return base::SystemClock().now(); }

}  // namespace

StartDriver::StartDriver(SignedRequest request, StartPlan plan) : request_(std::move(request)), plan_(std::move(plan)) {
  if (plan_.count == 0) deadline_ = wall_now() + plan_.duration;
}

bool StartDriver::next(unsigned connection, std::string& out) {
  const base::Timestamp now = wall_now();
  if (plan_.count != 0 ? sent_ >= plan_.count : now >= deadline_) return false;
  if (in_flight_.size() <= connection) in_flight_.resize(connection + 1);
  in_flight_[connection] = sent_;
  body_.assign("{\"stateMachineArn\":\"");
  body_ += plan_.machine_arn;
  body_ += "\",\"input\":\"";
  plan_.write_input(body_, sent_);
  body_ += "\"}";
  ++sent_;
  request_.append(out, body_, now);
  return true;
}

void StartDriver::done(unsigned connection, const Answer& answer) {
  if (answer.status != 200) {
    if (refused_++ == 0)
      first_refusal_ = std::to_string(answer.status) + ' ' + std::string(answer.body.substr(0, kRefusalShown));
    return;
  }
  ++accepted_;
  latency_.record(answer.took);
  last_accepted_ = wall_now();
  if (plan_.keep_every != 0 && in_flight_[connection] % plan_.keep_every == 0)
    keep(in_flight_[connection], answer.body);
}

void StartDriver::keep(std::uint64_t n, std::string_view body) {
  constexpr std::string_view kMember = "\"executionArn\":\"";
  const auto at = body.find(kMember);
  if (at == body.npos) return;
  body.remove_prefix(at + kMember.size());
  kept_.push_back({n, std::string(body.substr(0, body.find('"')))});
}

Padding::Padding(std::size_t bytes) : bytes_(bytes), text_(kPadTextBytes + bytes, 'x') {
  base::SplitMix random(kPadSeed);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (char& c : text_) c = kAlphabet[random.next() % kAlphabet.size()];
}

std::string_view Padding::of(std::uint64_t n) const {
  const std::uint64_t at = base::SplitMix(n).next() % kPadTextBytes;
  return std::string_view(text_).substr(at, bytes_);
}

InputWriter wait_input(std::int64_t wait_seconds, std::size_t bytes) {
  constexpr std::size_t kFrame = 40;  // what the text has beside the padding, about
  const std::string head = "{\\\"waitSeconds\\\":" + std::to_string(wait_seconds) + ",\\\"n\\\":";
  return [head, padding = Padding(bytes > kFrame ? bytes - kFrame : 0)](std::string& out, std::uint64_t n) {
    out += head;
    append_number(out, n);
    out += ",\\\"pad\\\":\\\"";
    out += padding.of(n);
    out += "\\\"}";
  };
}

json::Value rounded(double value) { return json::Value(std::round(value * 1e3) / 1e3); }

json::Value milliseconds(base::Duration d) { return rounded(static_cast<double>(d.us) / 1e3); }

void add_start_figures(json::ObjectBuilder& out, const StartDriver& driver, const DriveFigures& figures) {
  const double seconds = figures.elapsed.as_seconds();
  const auto per_request = [&](double us) {
    return figures.answers == 0 ? 0 : us / static_cast<double>(figures.answers);
  };
  out.set("accepted", static_cast<std::int64_t>(driver.accepted()));
  out.set("refused", static_cast<std::int64_t>(driver.refused()));
  out.set_if(driver.refused() > 0, "first_refusal", driver.first_refusal());
  out.set("seconds", rounded(seconds));
  out.set("accepted_per_s", rounded(seconds > 0 ? static_cast<double>(driver.accepted()) / seconds : 0));
  out.set("ack_p50_ms", milliseconds(driver.latency().quantile(0.5)));
  out.set("ack_p99_ms", milliseconds(driver.latency().quantile(0.99)));
  out.set("ack_p999_ms", milliseconds(driver.latency().quantile(0.999)));
  out.set("ack_max_ms", milliseconds(driver.latency().max()));
  out.set("client_cpu_us_per_request", rounded(per_request(static_cast<double>(figures.own_cpu.us))));
}

}  // namespace escapement::load
