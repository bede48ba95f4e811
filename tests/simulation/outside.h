// What is outside the server: functions, workers of an activity, holders of task tokens, and the users' programs. It
// outlives the lives of the server, keeps an agenda on the virtual clock, and asks again what got no answer, as careful
// programs do.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "checker.h"
#include "faults.h"
#include "functions/test_functions.h"
#include "server.h"

namespace escapement::simulation {

class Outside final : public functions::ScriptedFunctions {
 public:
  Outside(base::SplitMix& random, base::VirtualClock& clock, const Faults& faults, Checker& checker)
      : random_(random), clock_(clock), faults_(faults), checker_(checker) {}

  // The server of the current life; null between lives.
  void set_server(Server* server);
  // What users, workers and token holders do in this step.
  void act();
  // From now on everybody answers once, well and in time, and users start nothing more.
  void calm_down();
  // Workers that take what is left; part of act() until calm_down().
  void poll();

  // Does what is due. Returns whether there was anything.
  bool deliver();
  std::optional<base::Timestamp> next() const;
  // Requests of the users that have no answer yet.
  std::size_t outstanding() const { return outstanding_.size(); }

  void invoke(functions::InvokeRequest request, functions::InvokeDone done) override;

 private:
  using Answered = std::function<void(const base::Result<json::Value>&)>;
  struct Request {
    std::string_view operation;
    json::Value input;
    Answered answered;
    bool waits = false;  // for the answer of the current life
  };

  bool chance(double probability) { return random_.uniform() < probability; }
  base::Duration delay(std::uint64_t ms_max) {
    return base::Duration::milliseconds(static_cast<std::int64_t>(random_.next() % ms_max));
  }
  // `life`: dropped if the server has died by then.
  enum class Bound { life, nothing };
  void after(base::Duration delay, Bound bound, std::function<void()> task);
  // Once, with whatever answer this life gives.
  void ask(std::string_view operation, json::Value input, Answered answered);
  // Until there is an answer that is not about the server's own troubles.
  void insist(std::string_view operation, json::Value input, Answered answered);
  void attempt(const std::shared_ptr<Request>& request);

  void start_one();
  void start_unnamed(std::string_view machine);
  void stop_one(const std::string& execution);
  void work_off(const std::string& token, const std::string& execution);
  void answer_token(const std::string& token, bool fails);

  base::SplitMix& random_;
  base::VirtualClock& clock_;
  Faults faults_;
  Checker& checker_;
  Server* server_ = nullptr;
  std::uint64_t life_ = 0;
  struct Planned {
    std::uint64_t life;  // 0: any
    std::function<void()> task;
  };
  std::multimap<base::Timestamp, Planned> agenda_;
  std::list<std::shared_ptr<Request>> outstanding_;
  int polls_ = 0;  // of this life
  std::int64_t last_number_ = 0;
};

}  // namespace escapement::simulation
