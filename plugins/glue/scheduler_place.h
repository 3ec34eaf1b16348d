// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/gstekyascheduler.h>

#include "ekya/base/mutex.h"
#include "glue/ptr.h"

namespace ekya::gst {

/// Where an element keeps its scheduler. Contexts may be set from any thread, also while the element looks for one.
class SchedulerPlace {
 public:
  explicit SchedulerPlace(GstElement* element) : element_(element) {}

  /// From NULL to READY: takes the scheduler that is to be had, and makes one where there is none.
  void find();
  /// From READY to NULL.
  void forget() { replace(nullptr); }
  ObjectPtr<GstEkyaScheduler> get() const;

  /// GstElementClass.set_context.
  void set_context(GstContext* context);
  /// Whether the query, of any type, asked for the scheduler and was answered.
  bool answer(GstQuery* query) const;

 private:
  void replace(ObjectPtr<GstEkyaScheduler> scheduler);

  GstElement* const element_;
  mutable Mutex mutex_;
  ObjectPtr<GstEkyaScheduler> scheduler_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::gst
