// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "ekya/base/mutex.h"
#include "ekya/base/result.h"
#include "ekya/device/governor.h"
#include "ekya/scheduler/controller.h"

namespace ekya::gst {

/// The scheduler's side of one GstEkyaClient. Thread-safe; the client and the loop share it.
class Member {
 public:
  Member(scheduler::ClientKey key, device::Governor::ClientId lease, gpointer client);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  const scheduler::ClientKey& key() const { return key_; }
  device::Governor::ClientId lease() const { return lease_; }
  /// In devices; what a client without a grant may assume before the first one.
  double share() const { return share_; }
  guint serial() const { return serial_; }
  bool left() const { return left_; }
  std::optional<scheduler::ShareGrant> grant() const;
  /// A new reference on the GstEkyaClient, or null when it is gone.
  gpointer client();

 private:
  friend class SchedulerLoop;
  void set_grant(const scheduler::ShareGrant& grant);

  const scheduler::ClientKey key_;
  const device::Governor::ClientId lease_;
  std::atomic<double> share_;
  std::atomic<guint> serial_{0};
  std::atomic<bool> left_{false};
  std::optional<double> answered_pin_;  ///< Set by an application's answer; under the loop's lock.
  mutable Mutex mutex_;
  std::optional<scheduler::ShareGrant> grant_ EKYA_GUARDED_BY(mutex_);
  GWeakRef client_;
};

/// A plan with the problem that it solves, and why each stream got what it got. Of several plans made in one moment all
/// come with the problem of the last, which alone is explained.
struct ToldPlan {
  scheduler::PlanMade made;
  scheduler::Problem problem;
  std::string explanation;
};

/// A grant with the client that it is for; null for a foreign one.
struct AddressedGrant {
  scheduler::ShareGrant grant;
  std::shared_ptr<Member> member;
};

using Delivery = std::variant<scheduler::WindowClosed, scheduler::WindowOpened, ToldPlan, AddressedGrant,
                              scheduler::ShareRequest, scheduler::ClientKey>;

/// Hears what happened, in order, one call at a time, from the loop's thread, with no lock held.
/// ShareRequest (asked) and ClientKey (left) come only while wants_trace().
class SchedulerListener {
 public:
  virtual ~SchedulerListener() = default;
  virtual void deliver(const Delivery& delivery) = 0;
  virtual bool wants_trace() const = 0;
};

/// Gives the controller a clock and a thread, and carries its grants to the governor. The thread starts with the first
/// request, sleeps until something is due and ends when no client is left. Thread-safe. After stop() everything fails.
class SchedulerLoop : public std::enable_shared_from_this<SchedulerLoop> {
 public:
  explicit SchedulerLoop(SchedulerListener* listener);
  ~SchedulerLoop();

  /// A client for an element; its name gets a number when another client of that stream and kind has it already.
  /// `client` is a GstEkyaClient, held weakly.
  std::shared_ptr<Member> add_member(scheduler::ClientKey key, gpointer client);
  void remove_member(Member& member);

  /// `member` is null for a foreign client, which may not speak for a member.
  /// Errors: the controller's; kBusy for a foreign request in a member's name.
  Result<scheduler::ShareGrant> request(Member* member, const scheduler::ShareRequest& request);
  void leave(const scheduler::ClientKey& key);

  /// Changes the orders for one (stream, kind). Errors: the controller's; kResource past the limit of orders.
  Status steer(const std::string& stream, scheduler::ClientKind kind,
               const std::function<void(scheduler::Steering&)>& change);
  /// Pins the share as the application's answer to a member's request; lifted when the member leaves.
  Status pin_by_answer(Member& member, double share);
  /// Errors: the change's own, with which nothing changes; the controller's.
  Status set_options(const std::function<Status(scheduler::ControllerOptions&)>& change);
  scheduler::ControllerOptions options() const;
  Status veto(std::uint64_t plan);
  void replan(const std::string& reason);
  std::string explain() const;

  device::Governor& governor() { return governor_; }

  /// Ends the thread; the listener hears nothing more. From the loop's own thread it cannot wait for the thread's end.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  void start() EKYA_REQUIRES(mutex_);
  void run();
  bool wait_until_due(MutexLock& lock) EKYA_REQUIRES(mutex_);
  void step() EKYA_REQUIRES(mutex_);
  void take(scheduler::Event&& event, double decision_s) EKYA_REQUIRES(mutex_);
  /// Of the plans not delivered yet, from `first` on, the last one is in force.
  void explain_last_plan(std::size_t first) EKYA_REQUIRES(mutex_);
  std::shared_ptr<Member> apply(const scheduler::ShareGrant& grant) EKYA_REQUIRES(mutex_);
  /// The newest grant of the client among those not delivered yet, from `first` on; null where there is none.
  const scheduler::ShareGrant* grant_since(std::size_t first, const scheduler::ClientKey& key) const
      EKYA_REQUIRES(mutex_);
  void forget(const scheduler::ClientKey& key) EKYA_REQUIRES(mutex_);
  void poke() EKYA_REQUIRES(mutex_);
  void deliver(const std::vector<Delivery>& outbox);

  SchedulerListener* const listener_;
  device::Governor governor_;
  mutable Mutex mutex_;
  Condition wake_;
  scheduler::Controller controller_ EKYA_GUARDED_BY(mutex_);
  std::map<scheduler::ClientKey, std::shared_ptr<Member>> members_ EKYA_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, scheduler::ClientKind>, scheduler::Steering> orders_ EKYA_GUARDED_BY(mutex_);
  std::set<scheduler::ClientKey> clients_ EKYA_GUARDED_BY(mutex_);  ///< Who asked and did not leave, foreign ones too.
  std::vector<Delivery> outbox_ EKYA_GUARDED_BY(mutex_);
  std::thread thread_ EKYA_GUARDED_BY(mutex_);
  bool poked_ EKYA_GUARDED_BY(mutex_) = false;
  bool ended_ EKYA_GUARDED_BY(mutex_) = false;  ///< The thread has nobody to serve and touches the lock no more.
  std::atomic<bool> stopping_{false};
};

}  // namespace ekya::gst
