#include "base/clock.h"
#include "json/print.h"
#include "load/completion.h"
#include "load/preparation.h"
#include "load/scenario.h"
#include "load/start_driver.h"

namespace escapement::load {
namespace {

constexpr std::uint64_t kDefaultCount = 10'000;

// The first half of the connections starts executions; each of the second half is a worker: it polls, and answers what
// it got.
class ActivityDriver final : public Driver {
 public:
  ActivityDriver(client::Api& api, StartDriver& starter, const std::string& activity_arn, unsigned starters,
                 std::uint64_t count)
      : starter_(starter),
        poll_(states_request(api, "GetActivityTask")),
        success_(states_request(api, "SendTaskSuccess")),
        poll_body_("{\"activityArn\":\"" + activity_arn + "\",\"workerName\":\"bench\"}"),
        starters_(starters),
        count_(count),
        tokens_(starters * 2) {}

  bool next(unsigned connection, std::string& out) override {
    if (connection < starters_) return starter_.next(connection, out);
    const base::Timestamp now = base::SystemClock().now();
    if (tokens_[connection].empty()) {
      poll_.append(out, poll_body_, now);
    } else {
      success_.append(out, "{\"output\":\"{}\",\"taskToken\":\"" + tokens_[connection] + "\"}", now);
    }
    return true;
  }

  void done(unsigned connection, const Answer& answer) override {
    if (connection < starters_) return starter_.done(connection, answer);
    if (answer.status != 200) {
      ++errors_;
      tokens_[connection].clear();
    } else if (tokens_[connection].empty()) {
      tokens_[connection] = token_in(answer.body);
    } else {
      tokens_[connection].clear();
      ++answered_;
    }
  }

  // Beyond a thousand errors something is wrong with the service rather than with a task.
  bool finished() override { return answered_ + starter_.refused() >= count_ || errors_ > 1'000; }

  std::uint64_t answered() const { return answered_; }
  std::uint64_t errors() const { return errors_; }

 private:
  static std::string token_in(std::string_view body) {
    constexpr std::string_view kMember = "\"taskToken\":\"";
    const auto at = body.find(kMember);
    if (at == body.npos) return {};
    body.remove_prefix(at + kMember.size());
    return std::string(body.substr(0, body.find('"')));
  }

  StartDriver& starter_;
  SignedRequest poll_;
  SignedRequest success_;
  std::string poll_body_;
  unsigned starters_;
  std::uint64_t count_;
  std::vector<std::string> tokens_;
  std::uint64_t answered_ = 0;
  std::uint64_t errors_ = 0;
};

}  // namespace

base::Result<json::Value> run_activity(client::Api& api, const Options& options) {
  ESC_TRY(const std::string activity, prepare_activity(api));
  ESC_TRY(const std::string machine, prepare_machine(api, "activity", activity_definition(activity)));
  ESC_TRY(const Address address, address_of(api));
  ESC_TRY(const Metrics before, Metrics::fetch(api));
  const std::uint64_t count = options.count != 0 ? options.count : kDefaultCount;
  const unsigned starters = std::max(1u, options.connections / 2);
  StartDriver starter(states_request(api, "StartExecution"),
                      {machine, wait_input(0, options.input_bytes), count, {}, 0});
  ActivityDriver driver(api, starter, activity, starters, count);
  ESC_TRY(const DriveFigures figures, drive(address, starters * 2, driver));
  ESC_TRY(const Completion completion, await_ended(api, before, driver.answered(), base::Duration::seconds(5)));

  json::ObjectBuilder out;
  out.set("scenario", "activity").set("connections", static_cast<std::int64_t>(starters * 2));
  add_start_figures(out, starter, figures);
  out.set("answered", static_cast<std::int64_t>(driver.answered()))
      .set("errors", static_cast<std::int64_t>(driver.errors()));
  out.set("ended", static_cast<std::int64_t>(completion.ended));
  out.set("completed_per_s",
          rounded(static_cast<double>(driver.answered()) / std::max(figures.elapsed.as_seconds(), 1e-3)));
  return std::move(out).build();
}

}  // namespace escapement::load
