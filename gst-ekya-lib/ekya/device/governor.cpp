// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/governor.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ekya/base/mutex.h"
#include "ekya/device/usage.h"

namespace ekya::device {
namespace {

/// A background client that usually comes back this soon keeps its turn while it is away; else two that never wait
/// at the same moment would take turns one by one, whatever their shares.
constexpr Seconds kReturn{0.01};
/// How far behind the others (background), or behind its share (live), a client may lie and still catch up. More is
/// forgotten: who slept for an hour cannot take the device for an hour.
constexpr Seconds kBackgroundCredit{0.1};
constexpr Seconds kLiveCredit{0.5};
/// A live client that was refused counts as one that wants the device for so long.
constexpr Seconds kRefusalCounts{0.25};
constexpr Seconds kLongestWait{3600};
/// A time before all others.
constexpr Seconds kNever{-1e9};

struct Client {
  explicit Client(Urgency u, Seconds now) : urgency(u), usage(now) {}

  Urgency urgency;
  double share = 0;
  bool waiting = false;
  bool running = false;
  bool interrupted = false;
  bool removed = false;
  Usage usage;

  Seconds began{0};            ///< Of the lease that runs.
  double lease_share = 0;      ///< Share that it was taken under.
  bool contended = false;      ///< Whether somebody else wanted the device when it was taken.
  Seconds last_seen = kNever;  ///< When it last gave a lease back or gave up waiting.
  bool leased = false;         ///< Whether it has not come back since its last lease.
  Seconds gap{0};              ///< How long it usually stays away, smoothed.
  Seconds refused = kNever;    ///< Live: when it was last refused though it was under its share.

  double start_tag = 0;   ///< Background: virtual time at which the lease that runs began.
  double finish_tag = 0;  ///< Background: virtual time at which its use so far is paid for.
  Seconds paid_until{0};  ///< Live: until then its use so far fills its share.
  Condition wake;
};

using ClientPtr = std::shared_ptr<Client>;

Error busy(const std::string& why) { return Error{ErrorCode::kBusy, "governor: " + why}; }

}  // namespace

class Governor::Impl {
 public:
  Impl(int slots, std::function<Seconds()> clock) : slots_(std::max(1, slots)), clock_(std::move(clock)) {}

  ClientId add(Urgency urgency) EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    clients_.emplace(++last_id_, std::make_shared<Client>(urgency, clock_()));
    clients_[last_id_]->paid_until = clock_() - kLiveCredit;
    return last_id_;
  }

  void remove(ClientId id) EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const ClientPtr client = find(id);
    if (!client) return;
    client->removed = true;
    client->wake.notify_all();
    clients_.erase(id);
    dispatch(clock_());
  }

  void set_share(ClientId id, double share) EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const ClientPtr client = find(id);
    if (!client) return;
    client->share = share > 0 ? std::min(share, 1.0) : 0;  // NaN too becomes 0
    dispatch(clock_());
  }

  void interrupt(ClientId id, bool interrupted) EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const ClientPtr client = find(id);
    if (!client) return;
    client->interrupted = interrupted;
    client->wake.notify_all();
  }

  Status acquire(ClientId id, Seconds max_wait) EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const ClientPtr client = find(id);
    if (!client) return Error{ErrorCode::kNotFound, "governor: client " + std::to_string(id) + " is not there"};
    if (client->interrupted) return Error{ErrorCode::kCancelled, "governor: interrupted"};
    if (client->running || client->waiting) return busy("this client already holds a lease or waits for one");
    if (client->urgency == Urgency::kLive) return acquire_live(*client, clock_());
    return acquire_background(lock, *client, max_wait);
  }

  void release(ClientId id) EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const ClientPtr client = find(id);
    if (!client || !client->running) return;
    const Seconds now = clock_();
    client->usage.add(client->began, now);
    client->running = false;
    client->leased = true;
    client->last_seen = now;
    charge(*client, now);
    dispatch(now);
  }

  double received_share(ClientId id) const EKYA_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto it = clients_.find(id);
    if (it == clients_.end()) return 0;
    const Seconds now = clock_();
    Usage usage = it->second->usage;
    if (it->second->running) usage.add(it->second->began, now);
    return usage.fraction(now) / slots_;
  }

  int slots() const { return slots_; }

 private:
  ClientPtr find(ClientId id) const EKYA_REQUIRES(mutex_) {
    const auto it = clients_.find(id);
    return it == clients_.end() ? nullptr : it->second;
  }

  int running() const EKYA_REQUIRES(mutex_) {
    return static_cast<int>(std::count_if(clients_.begin(), clients_.end(), [](auto& c) { return c.second->running; }));
  }

  int live_running() const EKYA_REQUIRES(mutex_) {
    return static_cast<int>(std::count_if(clients_.begin(), clients_.end(), [](auto& c) {
      return c.second->running && c.second->urgency == Urgency::kLive;
    }));
  }

  /// A background client that has no lease just now but is on its way back for one.
  static bool returns(const Client& client, Seconds now) {
    return client.urgency == Urgency::kBackground && client.share > 0 && !client.running && !client.waiting &&
           !client.interrupted && client.gap <= kReturn / 2 && now < client.last_seen + kReturn;
  }

  static bool wants(const Client& client, Seconds now) {
    if (client.running || returns(client, now)) return true;
    return (client.waiting && client.share > 0) || now < client.refused + kRefusalCounts;
  }

  /// Whether the others alone could fill the device.
  bool contended(const Client& client, Seconds now) const EKYA_REQUIRES(mutex_) {
    int others = 0;
    for (const auto& [id, other] : clients_)
      if (other.get() != &client && wants(*other, now)) ++others;
    return others >= slots_;
  }

  Status acquire_live(Client& client, Seconds now) EKYA_REQUIRES(mutex_) {
    const bool contested = contended(client, now);
    const bool over = client.share <= 0 || client.paid_until > now;
    if (contested && over) return busy("live client is over its share and others want the device");
    if (live_running() >= slots_) {
      if (!over) client.refused = now;
      return busy("live clients hold every slot");
    }
    client.refused = kNever;
    client.contended = contested;
    begin(client, now);
    return {};
  }

  Status acquire_background(MutexLock& lock, Client& client, Seconds max_wait) EKYA_REQUIRES(mutex_) {
    Seconds now = clock_();
    const Seconds deadline = now + (max_wait > Seconds{0} ? std::min(max_wait, kLongestWait) : Seconds{0});
    const Seconds away = std::clamp(now - client.last_seen, Seconds{0}, 4 * kReturn);
    if (client.leased) client.gap = 0.7 * client.gap + 0.3 * away;
    client.leased = false;
    client.waiting = true;
    dispatch(now);
    while (!client.running && !client.interrupted && !client.removed && now < deadline) {
      const Seconds until = next_ == &client ? std::min(deadline, recheck_) : deadline;
      client.wake.wait_for(lock, std::max(Seconds{1e-4}, until - now));
      now = clock_();
      if (!client.running) dispatch(now);
    }
    if (client.running) return {};
    return give_up(client, now);
  }

  Status give_up(Client& client, Seconds now) EKYA_REQUIRES(mutex_) {
    client.waiting = false;
    if (client.removed) return Error{ErrorCode::kNotFound, "governor: the client was removed while it waited"};
    client.last_seen = now;
    dispatch(now);
    if (client.interrupted) return Error{ErrorCode::kCancelled, "governor: interrupted"};
    return busy(client.share > 0 ? "others are in front" : "the client's share is 0");
  }

  void begin(Client& client, Seconds now) EKYA_REQUIRES(mutex_) {
    client.waiting = false;
    client.running = true;
    client.began = now;
    client.lease_share = client.share;
  }

  void charge(Client& client, Seconds now) EKYA_REQUIRES(mutex_) {
    if (client.lease_share <= 0) return;
    const Seconds cost = (now - client.began) / (client.lease_share * slots_);
    if (client.urgency == Urgency::kBackground) {
      client.finish_tag = client.start_tag + cost.count();
      return;
    }
    const Seconds from = std::max(client.paid_until, client.began - kLiveCredit);
    // Time that nobody else wanted uses up credit but makes no debt.
    client.paid_until = client.contended ? from + cost : std::min(from + cost, std::max(client.paid_until, now));
  }

  double tag(const Client& client) const EKYA_REQUIRES(mutex_) {
    return std::max(client.finish_tag, virtual_time_ - kBackgroundCredit.count());
  }

  /// Hands free slots to those who have used least for their share. A slot whose next user is expected back in a
  /// moment is kept for it; `recheck_` is when that moment has passed, and `next_` the waiter who looks then.
  void dispatch(Seconds now) EKYA_REQUIRES(mutex_) {
    std::vector<std::pair<double, Client*>> queue;
    for (const auto& [id, client] : clients_)
      if (returns(*client, now) || (client->waiting && client->share > 0 && !client->interrupted))
        queue.emplace_back(tag(*client), client.get());
    // Stable: of equal tags the older client first, which does not depend on addresses.
    std::stable_sort(queue.begin(), queue.end(), [](auto& a, auto& b) { return a.first < b.first; });
    const auto free = static_cast<std::size_t>(std::max(0, slots_ - running()));
    next_ = nullptr;
    recheck_ = now + kLongestWait;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      auto& [tag, client] = queue[i];
      if (i < free && client->waiting)
        start(*client, tag, now);
      else if (i < free)
        recheck_ = std::min(recheck_, client->last_seen + kReturn);
      else if (client->waiting && !next_)
        next_ = client;
    }
    if (next_ && recheck_ < now + kLongestWait) next_->wake.notify_all();
  }

  void start(Client& client, double tag, Seconds now) EKYA_REQUIRES(mutex_) {
    client.start_tag = tag;
    virtual_time_ = std::max(virtual_time_, tag);
    begin(client, now);
    client.wake.notify_all();
  }

  const int slots_;
  const std::function<Seconds()> clock_;
  mutable Mutex mutex_;
  std::map<ClientId, ClientPtr> clients_ EKYA_GUARDED_BY(mutex_);
  ClientId last_id_ EKYA_GUARDED_BY(mutex_) = 0;
  double virtual_time_ EKYA_GUARDED_BY(mutex_) = 0;  ///< Highest start tag of a background lease.
  Seconds recheck_ EKYA_GUARDED_BY(mutex_){0};
  Client* next_ EKYA_GUARDED_BY(mutex_) = nullptr;
};

Governor::Governor(int slots, std::function<Seconds()> clock)
    : impl_(std::make_unique<Impl>(slots, std::move(clock))) {}
Governor::~Governor() = default;
Governor::ClientId Governor::add(Urgency urgency) { return impl_->add(urgency); }
void Governor::remove(ClientId client) { impl_->remove(client); }
void Governor::set_share(ClientId client, double share) { impl_->set_share(client, share); }
Status Governor::acquire(ClientId client, Seconds max_wait) { return impl_->acquire(client, max_wait); }
void Governor::release(ClientId client) { impl_->release(client); }
void Governor::interrupt(ClientId client, bool interrupted) { impl_->interrupt(client, interrupted); }
double Governor::received_share(ClientId client) const { return impl_->received_share(client); }
int Governor::slots() const { return impl_->slots(); }

}  // namespace ekya::device
