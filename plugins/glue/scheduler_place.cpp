// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/scheduler_place.h"

#include <gst/ekya/gstekyacontext.h>

#include <utility>

namespace ekya::gst {

void SchedulerPlace::find() {
  GstEkyaScheduler* place = get().release();
  gst_ekya_ensure_scheduler(element_, &place);
  ObjectPtr<GstEkyaScheduler> found(place);
  MutexLock lock(mutex_);
  if (!scheduler_) std::swap(scheduler_, found);  // What was set meanwhile wins.
}

ObjectPtr<GstEkyaScheduler> SchedulerPlace::get() const {
  MutexLock lock(mutex_);
  return ObjectPtr<GstEkyaScheduler>(scheduler_ ? GST_EKYA_SCHEDULER(gst_object_ref(scheduler_.get())) : nullptr);
}

void SchedulerPlace::set_context(GstContext* context) {
  GstEkyaScheduler* found = nullptr;
  if (gst_ekya_handle_set_context(element_, context, &found)) replace(ObjectPtr<GstEkyaScheduler>(found));
}

bool SchedulerPlace::answer(GstQuery* query) const {
  return gst_ekya_handle_context_query(element_, query, get().get());
}

void SchedulerPlace::replace(ObjectPtr<GstEkyaScheduler> scheduler) {
  MutexLock lock(mutex_);
  std::swap(scheduler_, scheduler);  // The old one goes after the lock: it may be the last reference.
}

}  // namespace ekya::gst
