// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/result.h"
#include "ekya/scheduler/policy.h"
#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

enum class ClientKind { kInference, kLabelling, kRetraining };

const char* to_string(ClientKind kind);
std::optional<ClientKind> client_kind(std::string_view name);

/// Who asks: a stream may have several inference clients (a detector and a classifier) but one retraining client.
struct ClientKey {
  std::string stream;
  ClientKind kind = ClientKind::kInference;
  std::string client;  ///< The element's name or path; tells clients of one stream and kind apart.

  auto operator<=>(const ClientKey&) const = default;
};

/// What a client asks for. Sent when it joins and again whenever its figures change.
struct ShareRequest {
  ClientKey key;
  std::vector<InferenceConfig> inference;    ///< For kInference, at least one.
  std::vector<RetrainingConfig> retraining;  ///< For kRetraining; empty: nothing to train on now.
  double labelling_demand = 0;               ///< For kLabelling, in devices.
  std::optional<double> accuracy;            ///< Of the live student, where the client measured it.
  std::string running;                       ///< For kRetraining: the config whose job is running, or empty.
  std::string reason;                        ///< "join", "update", "window", "drift", "job-done": for the plan's why.

  // Facts of the stream, which any of its clients may tell. Where several do, the newest request that does not leave
  // the default wins, field by field.
  double weight = 1;                     ///< Of the stream in the mean accuracy, > 0.
  std::optional<double> min_accuracy{};  ///< a_min of the stream; the scheduler's where empty.
  double cached_accuracy = 0;            ///< Of the best stored model on what the camera shows now, in [0, 1]; 0: none.
  double upload_mbit = 0;                ///< What retraining in the cloud sends there a window, in megabits, >= 0.
  double model_mbit = 0;                 ///< What comes back, in megabits, >= 0.
};

/// What a client gets.
struct ShareGrant {
  ClientKey key;
  double share = 0;  ///< In devices.
  std::string device;
  std::string config;  ///< Chosen config's id; empty: none.
  Seconds until{0};    ///< End of the window.
  std::uint64_t plan = 0;

  bool operator==(const ShareGrant&) const = default;
};

/// A plan was made: why, what it expects, and how it was steered.
struct PlanMade {
  std::uint64_t number = 0;
  std::uint64_t window = 0;
  std::string reason;
  Seconds at{0};
  Plan plan;
};

/// A window has ended. Accuracy is NaN where nobody measured it.
struct WindowClosed {
  struct StreamResult {
    std::string id;
    double expected_accuracy = 0;
    double measured_accuracy = 0;
  };
  std::uint64_t window = 0;
  Seconds begin{0}, end{0};
  std::vector<StreamResult> streams;
};

/// A window has begun: retraining clients measure and refresh their requests.
struct WindowOpened {
  std::uint64_t window = 0;
  Seconds begin{0}, end{0};
};

using Event = std::variant<WindowClosed, WindowOpened, PlanMade, ShareGrant>;

/// An order from outside for one (stream, kind). Empty optionals leave things to the policy.
struct Steering {
  std::optional<double> pin;  ///< Exactly this share, in devices.
  std::optional<double> cap;  ///< At most this share, in devices.
  bool excluded = false;      ///< No retraining and no labelling for this stream.
};

struct ControllerOptions {
  std::string policy = kDefaultPolicy;
  Seconds window{200};
  Seconds settle{0.1};  ///< Wait this long after a change for others, so that one plan answers them all.
  double quantum = 0.1;
  double min_accuracy = 0.4;
  double kappa = 0;                       ///< Plan on mean − kappa · deviation of each estimate, finite, >= 0.
  std::vector<Device> devices{Device{}};  ///< At least one; ids are unique.
  std::optional<Cloud> cloud{};
  std::size_t max_streams = 1024;  ///< More are refused.
};

/// The scheduler as a state machine over `now`: no clock, no thread, no I/O; the same calls give the same events,
/// bit for bit. Not thread-safe; the owner locks. Shares handed out on a device sum to at most its capacity at any
/// time.
///
/// It plans when a window begins, when a client joins, leaves or ends its job, on drift, when figures are off by more
/// than 10 % of what the plan was made with, when a phase of the plan is late, and when it is steered or its options
/// change; changes within `settle` share one plan.
class Controller {
 public:
  explicit Controller(ControllerOptions options);
  ~Controller();

  /// Joins or refreshes. Gives the grant that holds until the next plan (a joining client gets a fair share of what
  /// is free). Errors: kInvalidArgument naming the field; kBusy for a second retraining client of a stream;
  /// kResource past max_streams.
  Result<ShareGrant> request(const ShareRequest& request, Seconds now);
  void leave(const ClientKey& key, Seconds now);

  /// Errors: kNotFound for an unknown policy; kInvalidArgument for an impossible value; the old one stays.
  Status set_options(const ControllerOptions& options, Seconds now);
  const ControllerOptions& options() const;

  /// Errors: kInvalidArgument for a share that is not in [0, the largest device's capacity] or pins that sum to more
  /// than the capacity of all devices. Pins that fit together on no device are scaled down.
  Status steer(const std::string& stream, ClientKind kind, const Steering& steering, Seconds now);
  void replan(std::string reason, Seconds now);
  /// Drops the plan in force and goes back to the one before it until the next window or change.
  Status veto(std::uint64_t plan, Seconds now);

  /// Does what is due at `now` and tells what happened since the last call, in order.
  std::vector<Event> step(Seconds now);
  /// When step() has something to do next.
  Seconds next_deadline() const;

  /// Why each stream got what it got in the plan in force, in plain sentences, a line a stream.
  std::string explain() const;
  /// The problem of the plan in force, for a trace that can be replayed.
  const Problem& problem() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ekya::scheduler
