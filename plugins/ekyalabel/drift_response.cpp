// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/drift_response.h"

#include <utility>

namespace ekya::gst::label {

DriftResponse::DriftResponse(GstEkyaScheduler* scheduler, std::string stream_id)
    : scheduler_(GST_EKYA_SCHEDULER(gst_object_ref(scheduler))), ear_(std::make_shared<Ear>()) {
  using EarPtr = std::shared_ptr<Ear>;
  ear_->stream_id = std::move(stream_id);
  const auto free_ear = [](gpointer ear, GClosure*) { delete static_cast<EarPtr*>(ear); };
  handler_ = g_signal_connect_data(scheduler_.get(), "drift", G_CALLBACK(on_drift), new EarPtr(ear_), free_ear,
                                   static_cast<GConnectFlags>(0));
}

DriftResponse::~DriftResponse() { g_signal_handler_disconnect(scheduler_.get(), handler_); }

void DriftResponse::on_drift(GstEkyaScheduler*, GstStructure* drift, gpointer data) {
  Ear& ear = **static_cast<std::shared_ptr<Ear>*>(data);
  guint tier = 0;
  if (ear.stream_id != gst_structure_get_string(drift, "stream-id") || !gst_structure_get_uint(drift, "tier", &tier))
    return;
  ++(tier == static_cast<guint>(drift::Tier::kLabels) ? ear.confirmations : ear.suspicions);
}

double DriftResponse::label_factor(Seconds at) {
  if (last_ && at < *last_) watch_.restart_time();
  last_ = at;
  if (const guint64 heard = ear_->suspicions; std::exchange(suspicions_, heard) != heard)
    watch_.alarm(drift::Tier::kFrames, at);
  if (const guint64 heard = ear_->confirmations; std::exchange(confirmations_, heard) != heard)
    watch_.alarm(drift::Tier::kLabels, at);
  return watch_.label_factor(at);
}

}  // namespace ekya::gst::label
