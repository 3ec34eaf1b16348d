// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scheduler_loop.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace ekya::gst {
namespace {

using scheduler::ClientKey;
using scheduler::ClientKind;
using scheduler::ControllerOptions;
using scheduler::PlanMade;
using scheduler::ShareGrant;
using scheduler::ShareRequest;
using scheduler::Steering;

// Without a grant live inference may still show something, and background work waits.
constexpr double kShareBeforeGrant = 0.1;
constexpr std::size_t kMostOrders = 4096;
// Deadlines further off than this are looked at again; it keeps an infinite one out of the clock's arithmetic.
constexpr Seconds kLongestSleep{3600};
// A deadline that lies in the past even after a step must not spin.
constexpr Seconds kShortestSleep{0.001};
constexpr Seconds kPauseAfterFault{1};

double default_share(ClientKind kind) { return kind == ClientKind::kInference ? kShareBeforeGrant : 0; }

int hardware_slots() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

Error stopped() { return Error{ErrorCode::kCancelled, "the scheduler has been disposed of"}; }

/// What a client acts on; the plan's number alone is no news.
bool same_terms(const ShareGrant& a, const ShareGrant& b) {
  return a.share == b.share && a.device == b.device && a.config == b.config && a.until == b.until;
}

bool is_news(const Member* member, const ShareGrant& grant) {
  if (!member) return true;
  const auto before = member->grant();
  return !before || !same_terms(*before, grant);
}

bool is_empty(const Steering& steering) { return !steering.pin && !steering.cap && !steering.excluded; }

}  // namespace

Member::Member(ClientKey key, device::Governor::ClientId lease, gpointer client)
    : key_(std::move(key)), lease_(lease), share_(default_share(key_.kind)) {
  g_weak_ref_init(&client_, client);
}

Member::~Member() { g_weak_ref_clear(&client_); }

std::optional<ShareGrant> Member::grant() const {
  MutexLock lock(mutex_);
  return grant_;
}

gpointer Member::client() { return g_weak_ref_get(&client_); }

void Member::set_grant(const ShareGrant& grant) {
  {
    MutexLock lock(mutex_);
    grant_ = grant;
  }
  share_ = grant.share;
  ++serial_;
}

SchedulerLoop::SchedulerLoop(SchedulerListener* listener)
    : listener_(listener), governor_(hardware_slots()), controller_(ControllerOptions{}) {}

SchedulerLoop::~SchedulerLoop() = default;

std::shared_ptr<Member> SchedulerLoop::add_member(ClientKey key, gpointer client) {
  const auto urgency = key.kind == ClientKind::kInference ? device::Urgency::kLive : device::Urgency::kBackground;
  MutexLock lock(mutex_);
  const std::string name = key.client;
  for (unsigned n = 2; members_.count(key); ++n) key.client = name + "-" + std::to_string(n);
  const auto lease = governor_.add(urgency);
  governor_.set_share(lease, default_share(key.kind));
  return members_[key] = std::make_shared<Member>(key, lease, client);
}

void SchedulerLoop::remove_member(Member& member) {
  MutexLock lock(mutex_);
  if (member.left_.exchange(true)) return;
  if (const auto order = orders_.find({member.key().stream, member.key().kind});
      member.answered_pin_ && order != orders_.end() && order->second.pin == member.answered_pin_) {
    order->second.pin.reset();
    // Lifting an order is never refused: it only removes limits.
    (void)controller_.steer(order->first.first, order->first.second, order->second, steady_now());
    if (is_empty(order->second)) orders_.erase(order);
  }
  governor_.interrupt(member.lease(), true);
  governor_.remove(member.lease());
  members_.erase(member.key());
  forget(member.key());
}

Result<ShareGrant> SchedulerLoop::request(Member* member, const ShareRequest& request) {
  MutexLock lock(mutex_);
  if (stopping_ || (member && member->left_)) return stopped();
  if (!member && members_.count(request.key))
    return Error{ErrorCode::kBusy, "client " + request.key.client + " of stream " + request.key.stream +
                                       " is an element of this process; use another name"};
  Result<ShareGrant> grant = controller_.request(request, steady_now());
  if (!grant) return grant;
  clients_.insert(request.key);
  if (listener_->wants_trace()) outbox_.push_back(request);
  // Those who give way for a newcomer do so before it gets its share: shares never sum to more than the device.
  const std::size_t told = outbox_.size();
  step();
  if (const ShareGrant* newer = grant_since(told, request.key)) {
    grant = *newer;
  } else if (is_news(member, *grant)) {
    // The controller takes the answer as heard and does not tell it again.
    outbox_.push_back(AddressedGrant{*grant, apply(*grant)});
  }
  poke();
  return grant;
}

const ShareGrant* SchedulerLoop::grant_since(std::size_t first, const ClientKey& key) const {
  for (std::size_t i = outbox_.size(); i-- > first;)
    if (const auto* addressed = std::get_if<AddressedGrant>(&outbox_[i]); addressed && addressed->grant.key == key)
      return &addressed->grant;
  return nullptr;
}

void SchedulerLoop::leave(const ClientKey& key) {
  MutexLock lock(mutex_);
  if (!members_.count(key)) forget(key);
}

void SchedulerLoop::forget(const ClientKey& key) {
  if (stopping_ || clients_.erase(key) == 0) return;
  controller_.leave(key, steady_now());
  if (listener_->wants_trace()) outbox_.push_back(key);
  poke();
}

Status SchedulerLoop::steer(const std::string& stream, ClientKind kind, const std::function<void(Steering&)>& change) {
  MutexLock lock(mutex_);
  if (stopping_) return stopped();
  const auto found = orders_.find({stream, kind});
  Steering steering = found == orders_.end() ? Steering{} : found->second;
  change(steering);
  if (found == orders_.end() && orders_.size() >= kMostOrders)
    return Error{ErrorCode::kResource, "there are " + std::to_string(kMostOrders) + " steering orders; lift some"};
  if (Status steered = controller_.steer(stream, kind, steering, steady_now()); !steered) return steered;
  if (is_empty(steering)) {
    if (found != orders_.end()) orders_.erase(found);
  } else {
    orders_[{stream, kind}] = steering;
  }
  poke();
  return {};
}

Status SchedulerLoop::pin_by_answer(Member& member, double share) {
  {
    MutexLock lock(mutex_);
    if (member.answered_pin_ == share) return {};
  }
  Status pinned = steer(member.key().stream, member.key().kind, [&](Steering& s) { s.pin = share; });
  MutexLock lock(mutex_);
  if (pinned) member.answered_pin_ = share;
  return pinned;
}

Status SchedulerLoop::set_options(const std::function<Status(ControllerOptions&)>& change) {
  MutexLock lock(mutex_);
  if (stopping_) return stopped();
  ControllerOptions options = controller_.options();
  if (Status changed = change(options); !changed) return changed;
  Status set = controller_.set_options(options, steady_now());
  if (set && thread_.joinable()) poke();
  return set;
}

ControllerOptions SchedulerLoop::options() const {
  MutexLock lock(mutex_);
  return controller_.options();
}

Status SchedulerLoop::veto(std::uint64_t plan) {
  MutexLock lock(mutex_);
  if (stopping_) return stopped();
  Status vetoed = controller_.veto(plan, steady_now());
  if (vetoed) poke();
  return vetoed;
}

void SchedulerLoop::replan(const std::string& reason) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  controller_.replan(reason, steady_now());
  poke();
}

std::string SchedulerLoop::explain() const {
  MutexLock lock(mutex_);
  return controller_.explain();
}

void SchedulerLoop::stop() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
    wake_.notify_all();
  }
  if (!thread.joinable()) return;
  // The last reference may go in a signal handler, so in the loop's own thread: it ends by itself right after, and
  // what it still needs it holds itself.
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();
  } else {
    thread.join();
  }
}

void SchedulerLoop::poke() {
  if (!thread_.joinable() || ended_) start();
  poked_ = true;
  wake_.notify_all();
}

void SchedulerLoop::start() {
  if (thread_.joinable()) thread_.join();
  ended_ = false;
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void SchedulerLoop::run() {
  pthread_setname_np(pthread_self(), "ekya-scheduler");
  while (!stopping_) {
    try {
      std::vector<Delivery> outbox;
      {
        MutexLock lock(mutex_);
        if (!wait_until_due(lock)) return;
        step();
        outbox.swap(outbox_);
      }
      deliver(outbox);
    } catch (const std::exception& e) {
      // Out of memory, most likely: shares stay as they are, and the next step tries again.
      GST_ERROR("the scheduler's step failed: %s", e.what());
      MutexLock lock(mutex_);
      if (!stopping_) wake_.wait_for(lock, kPauseAfterFault);
    }
  }
}

bool SchedulerLoop::wait_until_due(MutexLock& lock) {
  while (!stopping_ && !poked_ && outbox_.empty()) {
    if (clients_.empty()) {
      ended_ = true;
      return false;
    }
    const Seconds rest = controller_.next_deadline() - steady_now();
    if (rest <= Seconds{0}) break;
    wake_.wait_for(lock, std::clamp(rest, kShortestSleep, kLongestSleep));
  }
  poked_ = false;
  return !stopping_;
}

void SchedulerLoop::step() {
  const Seconds begin = steady_now();
  std::vector<scheduler::Event> events = controller_.step(begin);
  const double took = (steady_now() - begin).count();
  const std::size_t told = outbox_.size();
  for (scheduler::Event& event : events) take(std::move(event), took);
  explain_last_plan(told);
}

void SchedulerLoop::explain_last_plan(std::size_t first) {
  for (std::size_t i = outbox_.size(); i-- > first;)
    if (auto* plan = std::get_if<ToldPlan>(&outbox_[i])) {
      plan->explanation = controller_.explain();
      return;
    }
}

void SchedulerLoop::take(scheduler::Event&& event, double decision_s) {
  if (auto* made = std::get_if<PlanMade>(&event)) {
    made->plan.decision_s = decision_s;
    outbox_.push_back(ToldPlan{std::move(*made), controller_.problem(), ""});
  } else if (auto* grant = std::get_if<ShareGrant>(&event)) {
    auto member = apply(*grant);
    outbox_.push_back(AddressedGrant{std::move(*grant), std::move(member)});
  } else if (auto* closed = std::get_if<scheduler::WindowClosed>(&event)) {
    outbox_.push_back(std::move(*closed));
  } else if (auto* opened = std::get_if<scheduler::WindowOpened>(&event)) {
    outbox_.push_back(std::move(*opened));
  }
}

std::shared_ptr<Member> SchedulerLoop::apply(const ShareGrant& grant) {
  const auto found = members_.find(grant.key);
  if (found == members_.end()) return nullptr;
  const std::shared_ptr<Member>& member = found->second;
  governor_.set_share(member->lease(), std::clamp(grant.share, 0.0, 1.0));
  member->set_grant(grant);
  return member;
}

void SchedulerLoop::deliver(const std::vector<Delivery>& outbox) {
  for (const Delivery& delivery : outbox) {
    if (stopping_) return;
    listener_->deliver(delivery);
  }
}

}  // namespace ekya::gst
