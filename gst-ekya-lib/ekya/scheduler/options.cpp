// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/options.h"

#include "ekya/base/printable.h"
#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

constexpr Seconds kShortestWindow{0.1};
constexpr Seconds kLongestWindow{1e7};
constexpr double kMostCapacity = 1024;
constexpr std::size_t kMostStreams = 1024;

Status refuse(const std::string& what) { return Error{ErrorCode::kInvalidArgument, what}; }

/// What a problem shares with the options is checked as a problem's.
Status check_problem(const ControllerOptions& options) {
  Problem problem;
  problem.window_s = options.window.count();
  problem.kappa = options.kappa;
  problem.devices = options.devices;
  problem.cloud = options.cloud;
  return validate(problem);
}

}  // namespace

Status check(const ControllerOptions& options) {
  if (const auto policy = make_policy(options.policy); !policy)
    return Error{ErrorCode::kNotFound, policy.error().message};
  if (!(options.window >= kShortestWindow && options.window <= kLongestWindow))
    return refuse("window: " + in_words(options.window.count()) + " s is not in [0.1, 1e7]");
  if (!(options.settle >= Seconds{0} && options.settle <= options.window))
    return refuse("settle: " + in_words(options.settle.count()) + " s is not in [0, window]");
  if (!(options.quantum > 0 && options.quantum <= 1))
    return refuse("quantum: " + in_words(options.quantum) + " is not in (0, 1]");
  if (auto s = check_fraction("min-accuracy", options.min_accuracy); !s) return s;
  for (const Device& device : options.devices)
    if (device.capacity > kMostCapacity)
      return refuse("capacity: " + in_words(device.capacity) + " of device '" + printable(device.id) +
                    "' is above 1024");
  if (options.max_streams < 1 || options.max_streams > kMostStreams)
    return refuse("max-streams: " + std::to_string(options.max_streams) + " is not in [1, 1024]");
  return check_problem(options);
}

}  // namespace ekya::scheduler
