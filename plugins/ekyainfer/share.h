// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/gstekyaclient.h>

#include <functional>
#include <memory>
#include <string>

#include "ekyainfer/demand.h"
#include "ekyainfer/model_loader.h"

namespace ekya::gst::infer {

/// The element's place in the negotiation: tells the scheduler what inference costs, and keeps to what it grants.
/// The streaming thread's, save that requests after the first are sent by the loader's thread.
class Share {
 public:
  /// Warns of a refused request; from any thread.
  using Warn = std::function<void(const std::string& text)>;

  Share(GstElement* element, GstEkyaScheduler* scheduler, const std::string& stream_id, Demand demand,
        std::shared_ptr<LoaderInbox> inbox, Warn warn);
  /// Leaves.
  ~Share();
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  Demand& demand() { return demand_; }

  /// Joins in this thread, so that there is a grant when it returns. Posts on the bus.
  void join(guint least_interval);
  /// For each frame: takes up a new grant, and has the figures sent again where they have changed.
  void refresh(guint least_interval, Seconds now);

  /// One frame in so many is granted.
  guint interval() const { return interval_; }
  double granted() const { return share_; }

  /// The right to compute for one frame; does not block. end() gives it back.
  bool begin() { return gst_ekya_client_begin_work(client_.get(), 0); }
  void end() { gst_ekya_client_end_work(client_.get()); }

 private:
  struct Unref {
    void operator()(GstEkyaClient* client) const { gst_object_unref(client); }
  };

  void ask(const char* reason, guint least_interval, Seconds now, bool aside);
  void take_grant();

  const std::shared_ptr<GstEkyaClient> client_;
  Demand demand_;
  const std::shared_ptr<LoaderInbox> inbox_;
  const Warn warn_;
  guint serial_ = 0;
  guint interval_ = 1;
  guint asked_interval_ = 1;
  double share_ = 0;
};

}  // namespace ekya::gst::infer
