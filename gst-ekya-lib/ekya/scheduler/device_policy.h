// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/scheduler/policy.h"

namespace ekya::scheduler {

/// A policy that knows one device. On several, whole streams are placed first (place_streams()) and each device is
/// planned by itself. Where the jobs of a plan do not fit into a device's memory together, those that gain least for
/// their memory are taken out of the problem, and it is planned anew.
class DevicePolicy : public Policy {
 public:
  Plan plan(const Problem& problem) const final;

 private:
  /// `problem` has one device. Memory need not be looked at.
  virtual Plan plan_device(const Problem& problem) const = 0;

  Plan plan_one(const Problem& problem) const;
};

}  // namespace ekya::scheduler
