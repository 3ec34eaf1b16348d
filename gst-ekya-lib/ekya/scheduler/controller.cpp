// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/controller.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/scheduler/clients.h"
#include "ekya/scheduler/explain.h"
#include "ekya/scheduler/fit.h"
#include "ekya/scheduler/grants.h"
#include "ekya/scheduler/news.h"
#include "ekya/scheduler/options.h"
#include "ekya/scheduler/plan_due.h"
#include "ekya/scheduler/share_request.h"
#include "ekya/scheduler/steering.h"
#include "ekya/scheduler/window_book.h"

namespace ekya::scheduler {
namespace {

/// Clients of one stream and kind: more are refused, so that a flood of them cannot grow without end.
constexpr std::size_t kMostClients = 16;
/// Near its end a window is planned as if this part of it were left: else a job that has seconds to go would be
/// stopped because it pays just after the window.
constexpr double kLeastHorizon = 0.25;
/// A phase that is shorter is waited for this long: the estimates are not that good, and time must move on.
constexpr Seconds kShortestPhase{0.01};
/// Times beyond are cut: a double there no longer tells one moment from the next.
constexpr Seconds kFarthest{1e11};

bool same_grant(const ShareGrant& a, const ShareGrant& b) {
  return a.share == b.share && a.device == b.device && a.config == b.config && a.until == b.until;
}

bool is_known_reason(const std::string& reason) {
  return reason == "update" || reason == "window" || reason == "drift" || reason == "job-done";
}

bool is_urgent(const std::string& reason) { return reason == "drift" || reason == "job-done"; }

double factor_of(const Stream& stream, const std::string& config) {
  for (const InferenceConfig& inference : stream.inference)
    if (inference.id == config) return inference.factor;
  return stream.inference.empty() ? 1 : 0;
}

/// When the first of a plan's later phases begins, since its start.
std::optional<Seconds> next_phase(const Plan& plan) {
  std::optional<Seconds> next;
  for (const StreamPlan& stream : plan.streams)
    if (stream.phases.size() > 1)
      next = std::min(next.value_or(Seconds{stream.phases[1].begin_s}), Seconds{stream.phases[1].begin_s});
  return next;
}

}  // namespace

class Controller::Impl {
 public:
  explicit Impl(ControllerOptions options) : options_(check(options) ? std::move(options) : ControllerOptions{}) {
    problem_ = problem_now();
  }

  Result<ShareGrant> request(const ShareRequest& request, Seconds now) {
    if (auto s = check(request); !s) return s.error();
    tick(now);
    auto it = clients_.find(request.key);
    if (it == clients_.end()) {
      if (auto s = admit(request.key); !s) return s.error();
      it = join(request);
    } else {
      refresh(it->second, request);
    }
    it->second.announced = it->second.grant;
    return it->second.grant;
  }

  void leave(const ClientKey& key, Seconds now) {
    tick(now);
    if (clients_.erase(key) == 0) return;
    if (!has_stream(key.stream)) {
      facts_.accuracy.erase(key.stream);
      facts_.device.erase(key.stream);
      book_.forget(key.stream);
    }
    plan_soon("leave");
  }

  Status set_options(const ControllerOptions& options, Seconds now) {
    if (auto s = check(options); !s) return s;
    if (auto s = check_pins(orders_, options.devices); !s) return s;
    tick(now);
    options_ = options;
    book_.set_duration(options_.window);
    fit_grants(clients_, options_.devices, orders_);
    plan_soon("options");
    return {};
  }

  Status steer(const std::string& stream, ClientKind kind, const Steering& steering, Seconds now) {
    if (auto s = check_name("stream-id", stream); !s) return s;
    if (auto s = check(steering, options_.devices); !s) return s;
    Orders orders = orders_;
    orders[{stream, kind}] = steering;
    if (!steering.pin && !steering.cap && !steering.excluded) orders.erase({stream, kind});
    if (orders.size() > 3 * options_.max_streams) return Error{ErrorCode::kResource, "too many steered streams"};
    if (auto s = check_pins(orders, options_.devices); !s) return s;
    tick(now);
    orders_ = std::move(orders);
    plan_soon("steer");
    return {};
  }

  void replan(const std::string& reason, Seconds now) {
    tick(now);
    plan_soon(reason.empty() ? "request" : printable(reason, 64), true);
  }

  Status veto(std::uint64_t number, Seconds now) {
    if (!in_force_ || in_force_->number != number)
      return Error{ErrorCode::kNotFound, "plan " + std::to_string(number) + " is not in force" +
                                             (in_force_ ? "; plan " + std::to_string(in_force_->number) + " is" : "")};
    if (!before_) return Error{ErrorCode::kNotFound, "there is no plan before plan " + std::to_string(number)};
    tick(now);
    Plan plan = before_->plan;
    for (const StreamPlan& stream : in_force_->plan.streams)  // streams that came later keep what they have
      if (std::none_of(plan.streams.begin(), plan.streams.end(), [&](auto& s) { return s.id == stream.id; }))
        plan.streams.push_back(stream);
    problem_ = problem_now();
    plan.upper_bound = decide(*policy(), problem_).upper_bound;  // of now, not of then
    adopt(refit(problem_, plan, orders_, present()), "veto");
    before_.reset();
    return {};
  }

  std::vector<Event> step(Seconds now) {
    tick(now);
    if (now_ >= book_.window().end) next_window();
    if (phase_due_ && now_ >= *phase_due_ && !due_.pending()) plan_soon("phase", true);
    if (due_.pending() && now_ >= due_.time()) make_plan();
    for (auto& [key, client] : clients_) {
      if (same_grant(client.grant, client.announced)) continue;
      client.announced = client.grant;
      events_.emplace_back(client.grant);
    }
    return std::exchange(events_, {});
  }

  Seconds next_deadline() const {
    if (!started_) return Seconds{0};
    const auto untold = [](const auto& c) { return !same_grant(c.second.grant, c.second.announced); };
    if (!events_.empty() || std::any_of(clients_.begin(), clients_.end(), untold)) return now_;
    const Seconds end = book_.window().end;
    return std::min(end, due_.pending() ? due_.time() : phase_due_.value_or(end));
  }

  std::string explain() const {
    return in_force_ ? scheduler::explain(problem_, *in_force_, orders_) : "no plan has been made yet\n";
  }

  const ControllerOptions& options() const { return options_; }
  const Problem& problem() const { return problem_; }

 private:
  /// Takes over the time, which never runs back, and books what has passed of the window.
  void tick(Seconds now) {
    if (!std::isfinite(now.count())) now = now_;
    now = std::clamp(now, -kFarthest, kFarthest);
    if (!std::exchange(started_, true)) {
      now_ = now;
      open_window(now);
    }
    now_ = std::max(now_, now);
    book_work(clients_, options_.devices, book_.pass(now_));
  }

  void open_window(Seconds begin) {
    book_.open(begin, options_.window);
    events_.emplace_back(book_.window());
    if (!clients_.empty()) plan_soon("window");
  }

  void next_window() {
    events_.emplace_back(book_.close());
    // A machine that slept through whole windows does not live through them afterwards.
    const Seconds end = book_.window().end;
    open_window(now_ < end + options_.window ? end : now_);
    book_work(clients_, options_.devices, book_.pass(now_));
  }

  Status admit(const ClientKey& key) const {
    std::size_t alike = 0;
    for (const auto& [other, client] : clients_) alike += other.stream == key.stream && other.kind == key.kind;
    if (key.kind == ClientKind::kRetraining && alike > 0)
      return Error{ErrorCode::kBusy,
                   "stream '" + key.stream + "' has a retraining client already; remove the other one"};
    if (alike >= kMostClients)
      return Error{ErrorCode::kResource, "stream '" + key.stream + "' has " + std::to_string(alike) + " " +
                                             to_string(key.kind) + " clients already"};
    if (!has_stream(key.stream) && book_.streams() >= options_.max_streams)
      return Error{ErrorCode::kResource, "there are " + std::to_string(book_.streams()) + " streams already"};
    return {};
  }

  bool has_stream(const std::string& stream) const {
    const auto it = clients_.lower_bound({stream, ClientKind::kInference, ""});
    return it != clients_.end() && it->first.stream == stream;
  }

  Clients::iterator join(const ShareRequest& request) {
    const auto it = clients_.emplace(request.key, Client{}).first;
    Client& client = it->second;
    client.take(request, ++requests_);
    client.grant = {request.key, 0, "", "", book_.window().end, in_force_ ? in_force_->number : 0};
    note_accuracy(request);
    grant_at_once(client, clients_, options_.devices, orders_);
    plan_soon("join");
    return it;
  }

  void note_accuracy(const ShareRequest& request) {
    WindowRecord& record = book_.record(request.key.stream);
    if (!request.accuracy) return;
    facts_.accuracy[request.key.stream] = *request.accuracy;
    record.measured(*request.accuracy);
  }

  void refresh(Client& client, const ShareRequest& request) {
    const std::string reason = is_known_reason(request.reason) ? request.reason : "update";
    note_accuracy(request);
    client.take(request, ++requests_);
    keep_offered_config(client, reason == "job-done");
    if (is_urgent(reason) || is_news(client) || is_news_of_accuracy(request.key.stream))
      plan_soon(reason, is_urgent(reason));
  }

  bool is_news_of_accuracy(const std::string& stream) const {
    const auto measured = facts_.accuracy.find(stream);
    const auto planned =
        std::find_if(problem_.streams.begin(), problem_.streams.end(), [&](const Stream& s) { return s.id == stream; });
    return measured != facts_.accuracy.end() && planned != problem_.streams.end() &&
           is_off(planned->accuracy, measured->second);
  }

  /// Changes within `settle` share one plan; what is urgent does not wait.
  void plan_soon(const std::string& reason, bool urgent = false) {
    due_.at(urgent ? now_ : now_ + options_.settle, reason);
  }

  Problem problem_now() const {
    Problem problem;
    problem.window_s = std::max(book_.window().end - now_, kLeastHorizon * options_.window).count();
    problem.quantum = options_.quantum;
    problem.min_accuracy = options_.min_accuracy;
    problem.kappa = options_.kappa;
    problem.devices = options_.devices;
    problem.cloud = options_.cloud;
    StreamFacts facts = facts_;
    facts.excluded = excluded_streams(orders_);
    problem.streams = streams_of(clients_, facts);
    for (Stream& stream : problem.streams)
      if (device_index(problem, stream.device) < 0) stream.device.clear();
    return problem;
  }

  std::unique_ptr<Policy> policy() const { return *make_policy(options_.policy); }  // the options were checked

  Present present() const {
    Present present;
    for (const auto& [key, client] : clients_) present.insert({key.stream, key.kind});
    return present;
  }

  void make_plan() {
    const std::string reason = due_.take();
    problem_ = problem_now();
    adopt(fit(problem_, decide(*policy(), problem_), orders_, present()), reason);
  }

  /// Puts a plan of `problem_` in force.
  void adopt(Plan plan, const std::string& reason) {
    PlanMade made{++plans_, book_.window().window, reason, now_, std::move(plan)};
    set_grants(made.plan, clients_);
    for (auto& [key, client] : clients_) {
      client.grant.until = book_.window().end;
      client.grant.plan = made.number;
      client.planned = as_of_now(client);
      client.done_since_plan_s = 0;
    }
    for (std::size_t v = 0; v < made.plan.streams.size(); ++v) {
      const StreamPlan& stream = made.plan.streams[v];
      facts_.device[stream.id] = stream.device;
      book_.record(stream.id).planned(stream.expected_accuracy,
                                      factor_of(problem_.streams[v], stream.inference_config));
    }
    wait_for_phase(made.plan);
    events_.emplace_back(made);
    before_ = std::exchange(in_force_, std::move(made));
  }

  /// A phase begins with the end of a job, which is told within `settle` and then planned for. Where nothing is told
  /// the estimate was off: shares stay as they are until the plan that is due then.
  void wait_for_phase(const Plan& plan) {
    phase_due_.reset();
    if (const auto phase = next_phase(plan)) phase_due_ = now_ + std::max(*phase, kShortestPhase) + options_.settle;
  }

  ControllerOptions options_;
  Clients clients_;
  std::uint64_t requests_ = 0;
  Orders orders_;
  StreamFacts facts_;
  WindowBook book_;
  std::vector<Event> events_;  ///< Not told yet.
  PlanDue due_;
  std::optional<Seconds> phase_due_;  ///< When the next phase of the plan in force must have begun.
  bool started_ = false;
  Seconds now_{0};
  std::uint64_t plans_ = 0;
  std::optional<PlanMade> in_force_;
  std::optional<PlanMade> before_;
  Problem problem_;  ///< Of the plan in force.
};

Controller::Controller(ControllerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Controller::~Controller() = default;
Result<ShareGrant> Controller::request(const ShareRequest& request, Seconds now) {
  return impl_->request(request, now);
}
void Controller::leave(const ClientKey& key, Seconds now) { impl_->leave(key, now); }
Status Controller::set_options(const ControllerOptions& options, Seconds now) {
  return impl_->set_options(options, now);
}
const ControllerOptions& Controller::options() const { return impl_->options(); }
Status Controller::steer(const std::string& stream, ClientKind kind, const Steering& steering, Seconds now) {
  return impl_->steer(stream, kind, steering, now);
}
void Controller::replan(std::string reason, Seconds now) { impl_->replan(reason, now); }
Status Controller::veto(std::uint64_t plan, Seconds now) { return impl_->veto(plan, now); }
std::vector<Event> Controller::step(Seconds now) { return impl_->step(now); }
Seconds Controller::next_deadline() const { return impl_->next_deadline(); }
std::string Controller::explain() const { return impl_->explain(); }
const Problem& Controller::problem() const { return impl_->problem(); }

}  // namespace ekya::scheduler
