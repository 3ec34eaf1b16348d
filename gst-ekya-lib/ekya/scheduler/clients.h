// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// One client as the controller knows it.
struct Client {
  ShareRequest request;
  std::uint64_t sequence = 0;  ///< Of the request among all clients' requests.
  ShareGrant grant;            ///< In force.
  ShareGrant announced;        ///< What the client heard last.
  std::string job_device;      ///< Where the last grant that named a retraining config put the job.
  double done_s = 0;           ///< Work that its grants have done on the running job since `request`, in seconds.

  std::optional<ShareRequest> planned;  ///< The request of the plan in force, a running job's work as it was then.
  double done_since_plan_s = 0;

  /// Takes the request over. Work that was done stays done where the client tells the same work for the same job.
  void take(const ShareRequest& next, std::uint64_t number);
};

/// In the order of stream, kind, client: a stream's clients lie side by side.
using Clients = std::map<ClientKey, Client>;

/// The request with the running job's work as it is now: less what its grants have done, but at least 5 % of it, since
/// only the client knows when it is done.
ShareRequest as_of_now(const Client& client);

/// Books work for the running jobs: `passed` at the speed that their shares reach on their devices.
void book_work(Clients& clients, const std::vector<Device>& devices, Seconds passed);

/// Live accuracy that the plan assumes of a stream which nobody has measured: there are no labels yet then, so
/// there is nothing to train on either, and the value only ranks the stream's inference among the others'.
inline constexpr double kUnknownAccuracy = 0.5;

/// What the streams of a problem are made from, besides the clients.
struct StreamFacts {
  std::map<std::string, double> accuracy;     ///< Where it was measured.
  std::map<std::string, std::string> device;  ///< Where the plan in force has the stream.
  std::set<std::string> excluded;             ///< No retraining and no labelling.
};

/// One stream per stream id: inference clients as one list (levels.h), labelling demands summed, a running job's work
/// as_of_now() on the device that it runs on, and the facts that its clients tell, the newest first.
std::vector<Stream> streams_of(const Clients& clients, const StreamFacts& facts);

}  // namespace ekya::scheduler
