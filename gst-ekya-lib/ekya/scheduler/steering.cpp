// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/steering.h"

#include <algorithm>

#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

double largest(const std::vector<Device>& devices) {
  double most = 0;
  for (const Device& device : devices) most = std::max(most, device.capacity);
  return most;
}

Status check_share(const char* what, double share, double most) {
  if (share >= 0 && share <= most) return {};
  return Error{ErrorCode::kInvalidArgument,
               std::string(what) + ": " + in_words(share) + " is not in [0, " + in_words(most) + "]"};
}

}  // namespace

Status check(const Steering& steering, const std::vector<Device>& devices) {
  if (steering.pin)
    if (auto s = check_share("pin", *steering.pin, largest(devices)); !s) return s;
  if (steering.cap)
    if (auto s = check_share("cap", *steering.cap, largest(devices)); !s) return s;
  if (steering.pin && steering.cap && *steering.pin > *steering.cap)
    return Error{ErrorCode::kInvalidArgument,
                 "pin: " + in_words(*steering.pin) + " is above the cap " + in_words(*steering.cap)};
  return {};
}

Status check_pins(const Orders& orders, const std::vector<Device>& devices) {
  double pinned = 0, capacity = 0;
  for (const auto& [who, steering] : orders) {
    if (steering.pin)
      if (auto s = check_share("pin", *steering.pin, largest(devices)); !s) return s;
    pinned += steering.pin.value_or(0);
  }
  for (const Device& device : devices) capacity += device.capacity;
  if (pinned <= capacity + kShareTolerance) return {};
  return Error{ErrorCode::kInvalidArgument,
               "pin: all pins sum to " + in_words(pinned) + ", more than the capacity " + in_words(capacity)};
}

const Steering* order_for(const Orders& orders, const std::string& stream, ClientKind kind) {
  const auto it = orders.find({stream, kind});
  return it == orders.end() ? nullptr : &it->second;
}

std::set<std::string> excluded_streams(const Orders& orders) {
  std::set<std::string> streams;
  for (const auto& [who, steering] : orders)
    if (steering.excluded) streams.insert(who.first);
  return streams;
}

}  // namespace ekya::scheduler
