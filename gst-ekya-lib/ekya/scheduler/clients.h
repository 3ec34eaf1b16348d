// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// One client as the controller knows it.
struct Client {
  ShareRequest request;
  ShareGrant grant;      ///< In force.
  ShareGrant announced;  ///< What the client heard last.
  double done_s = 0;     ///< Device-seconds that its grants gave the running job since `request`.
};

/// In the order of stream, kind, client: a stream's clients lie side by side.
using Clients = std::map<ClientKey, Client>;

/// Errors: kInvalidArgument naming the field; the lists and texts have upper limits.
Status check(const ShareRequest& request);

/// Whether two requests of a client ask for the same. `reason` does not matter.
bool asks_the_same(const ShareRequest& a, const ShareRequest& b);

/// What the client would use if it could have all: inference its dearest config, labelling its demand, in devices.
double full_demand(const ShareRequest& request);

/// The config of an inference client that fits into its share, or "".
std::string fitting_config(const ShareRequest& request, double share);

/// Live accuracy that the plan assumes of a stream which nobody has measured: there are no labels yet then, so
/// there is nothing to train on either, and the value only ranks the stream's inference among the others'.
inline constexpr double kUnknownAccuracy = 0.5;

/// What the streams of a problem are made from, besides the clients.
struct StreamFacts {
  std::map<std::string, double> accuracy;  ///< Where it was measured.
  std::set<std::string> excluded;          ///< No retraining and no labelling.
};

/// One stream per stream id. Several inference clients of a stream become one list: level k sums the k-th dearest
/// config of each (a client with fewer stays at its last), with the mean of the factors; labelling demands are summed.
/// A running job counts as far done as its grants allow, at most 95 %.
std::vector<Stream> streams_of(const Clients& clients, const StreamFacts& facts);

/// Turns a plan into grants. Inference clients of a stream share in proportion to what the chosen level demands of
/// each, so that each gets its config of that level; where no level fits, in proportion to their full demand.
void set_grants(const Plan& plan, Clients& clients);

/// Scales shares down so that all sum to at most `limit`. Clients in `fixed` give only when the others have nothing.
void shrink(Clients& clients, double limit, const std::set<ClientKey>& fixed);

}  // namespace ekya::scheduler
