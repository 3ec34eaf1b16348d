// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/controller.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/scheduler/check.h"
#include "ekya/scheduler/clients.h"
#include "ekya/scheduler/explain.h"
#include "ekya/scheduler/options.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/steering.h"
#include "ekya/scheduler/window_record.h"

namespace ekya::scheduler {
namespace {

/// Clients of one stream and kind: more are refused, so that a flood of them cannot grow without end.
constexpr std::size_t kMostClients = 16;
/// Near its end a window is planned as if this part of it were left: else a job that has seconds to go would be
/// stopped because it pays just after the window.
constexpr double kLeastHorizon = 0.25;
/// Times beyond are cut: a double there no longer tells one moment from the next.
constexpr Seconds kFarthest{1e11};

bool same_grant(const ShareGrant& a, const ShareGrant& b) {
  return a.share == b.share && a.device == b.device && a.config == b.config && a.until == b.until;
}

bool is_known_reason(const std::string& reason) {
  return reason == "update" || reason == "window" || reason == "drift" || reason == "job-done";
}

bool is_urgent(const std::string& reason) { return reason == "drift" || reason == "job-done"; }

bool offers(const ShareRequest& request, const std::string& id) {
  const auto same = [&](const auto& config) { return config.id == id; };
  return std::any_of(request.inference.begin(), request.inference.end(), same) ||
         std::any_of(request.retraining.begin(), request.retraining.end(), same);
}

double factor_of(const Stream& stream, const std::string& config) {
  for (const InferenceConfig& inference : stream.inference)
    if (inference.id == config) return inference.factor;
  return stream.inference.empty() ? 1 : 0;
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
      records_.erase(key.stream);
    }
    plan_soon("leave");
  }

  Status set_options(const ControllerOptions& options, Seconds now) {
    if (auto s = check(options); !s) return s;
    if (auto s = check_pins(sum_of_pins(orders_), options.devices.front().capacity); !s) return s;
    tick(now);
    options_ = options;
    window_.end = window_.begin + options_.window;
    shrink(clients_, options_.devices.front().capacity, pinned_clients());
    plan_soon("options");
    return {};
  }

  Status steer(const std::string& stream, ClientKind kind, const Steering& steering, Seconds now) {
    if (auto s = check_name("stream-id", stream); !s) return s;
    if (auto s = check(steering, options_.devices.front().capacity); !s) return s;
    Orders orders = orders_;
    orders[{stream, kind}] = steering;
    if (!steering.pin && !steering.cap && !steering.excluded) orders.erase({stream, kind});
    if (orders.size() > 3 * options_.max_streams) return Error{ErrorCode::kResource, "too many steered streams"};
    if (auto s = check_pins(sum_of_pins(orders), options_.devices.front().capacity); !s) return s;
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
    adopt(plan, "veto");
    before_.reset();
    return {};
  }

  std::vector<Event> step(Seconds now) {
    tick(now);
    if (now_ >= window_.end) next_window();
    if (!reasons_.empty() && now_ >= plan_due_) make_plan();
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
    return reasons_.empty() ? window_.end : std::min(window_.end, plan_due_);
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
    book(std::min(now_, window_.end));
  }

  void book(Seconds until) {
    const Seconds passed = until - booked_;
    if (passed <= Seconds{0}) return;
    booked_ = until;
    for (auto& [id, record] : records_) record.pass(passed);
    for (auto& [key, client] : clients_)
      if (!client.request.running.empty() && client.grant.config == client.request.running)
        client.done_s += client.grant.share * passed.count();
  }

  void open_window(Seconds begin) {
    window_ = {window_.window + 1, begin, begin + options_.window};
    booked_ = begin;
    events_.emplace_back(window_);
    if (!clients_.empty()) plan_soon("window");
  }

  void next_window() {
    WindowClosed closed{window_.window, window_.begin, window_.end, {}};
    for (auto& [id, record] : records_) {
      closed.streams.push_back({id, record.expected_accuracy(), record.measured_accuracy()});
      record.restart();
    }
    events_.emplace_back(std::move(closed));
    // A machine that slept through whole windows does not live through them afterwards.
    open_window(now_ < window_.end + options_.window ? window_.end : now_);
    book(now_);
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
    if (!has_stream(key.stream) && records_.size() >= options_.max_streams)
      return Error{ErrorCode::kResource, "there are " + std::to_string(records_.size()) + " streams already"};
    return {};
  }

  bool has_stream(const std::string& stream) const {
    const auto it = clients_.lower_bound({stream, ClientKind::kInference, ""});
    return it != clients_.end() && it->first.stream == stream;
  }

  Clients::iterator join(const ShareRequest& request) {
    const auto it = clients_.emplace(request.key, Client{}).first;
    Client& client = it->second;
    client.request = request;
    client.grant = {request.key, 0, options_.devices.front().id, "", window_.end, in_force_ ? in_force_->number : 0};
    records_[request.key.stream];
    note_accuracy(request);
    grant_at_once(client);
    plan_soon("join");
    return it;
  }

  void note_accuracy(const ShareRequest& request) {
    if (!request.accuracy) return;
    facts_.accuracy[request.key.stream] = *request.accuracy;
    records_[request.key.stream].measured(*request.accuracy);
  }

  void refresh(Client& client, const ShareRequest& request) {
    const std::string reason = is_known_reason(request.reason) ? request.reason : "update";
    const bool changed = !asks_the_same(client.request, request);
    note_accuracy(request);
    if (changed) client.done_s = 0;
    client.request = request;
    keep_offered_config(client, reason == "job-done");
    if (changed || is_urgent(reason)) plan_soon(reason, is_urgent(reason));
  }

  /// A grant must not name a config that the client no longer has, nor send it into the job that it just ended.
  static void keep_offered_config(Client& client, bool job_done) {
    if (client.grant.config.empty()) return;
    const bool retraining = client.grant.key.kind == ClientKind::kRetraining;
    if (offers(client.request, client.grant.config) && !(retraining && job_done)) return;
    client.grant.config = retraining ? "" : fitting_config(client.request, client.grant.share);
    if (retraining) client.grant.share = 0;
  }

  /// What a client gets until the plan: a fair share for inference, for which the others give where nothing is free;
  /// labelling what is free of its part of the device; retraining nothing, since nobody has chosen a config yet.
  void grant_at_once(Client& client) {
    const ClientKey& key = client.grant.key;
    const std::set<ClientKey> fixed = pinned_clients();
    double held = 0, taken = 0;
    for (const auto& [other, c] : clients_) (fixed.count(other) ? held : taken) += c.grant.share;
    double share = std::min(wanted_at_once(client), std::max(0.0, options_.devices.front().capacity - held));
    if (key.kind != ClientKind::kInference)
      share = std::min(share, std::max(0.0, options_.devices.front().capacity - held - taken));
    shrink(clients_, options_.devices.front().capacity - share, fixed);
    client.grant.share = share;
    client.grant.config = fitting_config(client.request, share);
  }

  double wanted_at_once(const Client& client) const {
    const ClientKey& key = client.grant.key;
    const double demand = full_demand(client.request);
    double share = options_.devices.front().capacity / static_cast<double>(clients_.size());
    if (demand > 0) share = std::min(share, demand);
    if (key.kind == ClientKind::kLabelling) share = std::min({share, demand, labelling_left()});
    if (key.kind == ClientKind::kRetraining || (key.kind == ClientKind::kLabelling && excluded(key.stream))) share = 0;
    const auto order = orders_.find({key.stream, key.kind});
    if (order == orders_.end()) return share;
    return std::min(share, std::min(order->second.pin.value_or(share), order->second.cap.value_or(share)));
  }

  double labelling_left() const {
    double left = kLabellingFraction * options_.devices.front().capacity;
    for (const auto& [key, client] : clients_)
      if (key.kind == ClientKind::kLabelling) left -= client.grant.share;
    return std::max(0.0, left);
  }

  bool excluded(const std::string& stream) const { return excluded_streams(orders_).count(stream) > 0; }

  std::set<ClientKey> pinned_clients() const {
    std::set<ClientKey> pinned;
    for (const auto& [key, client] : clients_)
      if (const auto it = orders_.find({key.stream, key.kind}); it != orders_.end() && it->second.pin)
        pinned.insert(key);
    return pinned;
  }

  static Status check_pins(double sum, double capacity) {
    if (sum <= capacity + kShareTolerance) return {};
    return Error{ErrorCode::kInvalidArgument,
                 "pin: all pins sum to " + in_words(sum) + ", more than the capacity " + in_words(capacity)};
  }

  /// Changes within `settle` share one plan; what is urgent does not wait.
  void plan_soon(const std::string& reason, bool urgent = false) {
    const Seconds due = urgent ? now_ : now_ + options_.settle;
    plan_due_ = reasons_.empty() ? due : std::min(plan_due_, due);
    if (std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end() && reasons_.size() < 8)
      reasons_.push_back(reason);
  }

  Problem problem_now() const {
    Problem problem;
    problem.window_s = std::max(window_.end - now_, kLeastHorizon * options_.window).count();
    problem.quantum = options_.quantum;
    problem.min_accuracy = options_.min_accuracy;
    problem.kappa = options_.kappa;
    problem.devices = options_.devices;
    problem.cloud = options_.cloud;
    StreamFacts facts = facts_;
    facts.excluded = excluded_streams(orders_);
    problem.streams = streams_of(clients_, facts);
    return problem;
  }

  void make_plan() {
    std::string reason;
    for (const std::string& r : reasons_) reason += (reason.empty() ? "" : "+") + r;
    reasons_.clear();
    const auto policy = make_policy(options_.policy);
    adopt(decide(**policy, problem_now()), reason);
  }

  void adopt(const Plan& plan, const std::string& reason) {
    problem_ = problem_now();
    std::set<std::pair<std::string, ClientKind>> present;
    for (const auto& [key, client] : clients_) present.insert({key.stream, key.kind});
    PlanMade made{++plans_, window_.window, reason, now_, fit(problem_, plan, orders_, present)};
    set_grants(made.plan, clients_);
    for (auto& [key, client] : clients_) {
      client.grant.device = options_.devices.front().id;
      client.grant.until = window_.end;
      client.grant.plan = made.number;
    }
    for (std::size_t v = 0; v < made.plan.streams.size(); ++v) {
      const StreamPlan& stream = made.plan.streams[v];
      records_[stream.id].planned(stream.expected_accuracy, factor_of(problem_.streams[v], stream.inference_config));
    }
    events_.emplace_back(made);
    before_ = std::exchange(in_force_, std::move(made));
  }

  ControllerOptions options_;
  Clients clients_;
  Orders orders_;
  StreamFacts facts_;
  std::map<std::string, WindowRecord> records_;  ///< One for each stream that has clients.
  std::vector<Event> events_;                    ///< Not told yet.
  std::vector<std::string> reasons_;             ///< Why the next plan is due; empty: none is.
  Seconds plan_due_{0};
  bool started_ = false;
  Seconds now_{0};
  Seconds booked_{0};  ///< Up to when the records and the jobs' work are kept.
  WindowOpened window_;
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
