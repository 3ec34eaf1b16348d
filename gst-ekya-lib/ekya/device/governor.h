// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "ekya/base/clock.h"
#include "ekya/base/result.h"

namespace ekya::device {

/// How a client takes turns. Live inference goes first and never waits for a slot; training and labelling wait.
enum class Urgency { kLive, kBackground };

/// Makes grants real on one device: a client computes only while it holds a lease, and each lease is charged for the
/// time it was held. Background clients take turns by weighted fair queueing (start-time fairness): who has used
/// least for its share goes next; a share that nobody uses goes to whoever can use it. A live client that is over its share
/// is refused (it shows older results) only while somebody else wants the device.
///
/// The device has `slots` (hardware threads of a CPU); a lease takes one and costs held time / slots device-seconds.
/// At most `slots` leases run at a time, save that a live one never waits: it may exceed the slots by one
/// background step. Thread-safe; nothing calls back.
class Governor {
 public:
  using ClientId = std::uint64_t;

  /// `clock` must never step back; tests bring their own.
  explicit Governor(int slots, std::function<Seconds()> clock = steady_now);
  ~Governor();
  Governor(const Governor&) = delete;
  Governor& operator=(const Governor&) = delete;

  ClientId add(Urgency urgency);
  void remove(ClientId client);
  /// In devices, [0, 1]. Takes effect at the next lease. A background client with share 0 gets no lease at all.
  void set_share(ClientId client, double share);

  /// Blocks until the client may compute, at most max_wait (a live client: does not block).
  /// Errors: kBusy when it may not now; kCancelled after interrupt(client, true); kNotFound.
  Status acquire(ClientId client, Seconds max_wait);
  void release(ClientId client);
  /// While true, acquire() of this client fails at once with kCancelled; wakes one that waits.
  void interrupt(ClientId client, bool interrupted);

  /// Share that the client really received over the last few seconds, in devices.
  double received_share(ClientId client) const;
  int slots() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Holds a lease for a scope.
class Lease {
 public:
  Lease(Governor& governor, Governor::ClientId client) : governor_(&governor), client_(client) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { governor_->release(client_); }

 private:
  Governor* governor_;
  Governor::ClientId client_;
};

}  // namespace ekya::device
