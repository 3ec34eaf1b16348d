// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ekya/scheduler/clients.h"
#include "ekya/scheduler/steering.h"

namespace ekya::scheduler {

/// Turns a plan into grants. Inference clients of a stream share in proportion to what the chosen level demands of
/// each, so that each gets its config of that level; where no level fits, in proportion to their full demand. A
/// retraining config is named only with a share or while its job runs: a job that waits its turn must not start.
void set_grants(const Plan& plan, Clients& clients);

/// What a client that joins holds until the plan: inference a fair share of its stream's device (of the emptiest one
/// where the stream has none yet), for which the others there give where nothing is free; labelling what is free of its
/// part; retraining nothing, since nobody has chosen a config yet.
void grant_at_once(Client& client, Clients& clients, const std::vector<Device>& devices, const Orders& orders);

/// A grant must not name a config that the client no longer has, nor send it into the job that it just ended.
void keep_offered_config(Client& client, bool job_done);

/// After a change of the devices: clients of those that are gone get a place on others, and shares are scaled down so
/// that no device's capacity is exceeded. Pinned clients give only when the others have nothing.
void fit_grants(Clients& clients, const std::vector<Device>& devices, const Orders& orders);

}  // namespace ekya::scheduler
