// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>
#include <variant>

#include "ekya/scheduler/policy.h"
#include "glue/properties.h"

namespace ekya::gst {

/// What the user sets on an `ekyascheduler`.
struct SchedulerSettings {
  std::string policy = ekya::scheduler::kDefaultPolicy;
  gdouble window_duration = 200;
  gdouble quantum = 0.1;
  gdouble min_accuracy = 0.4;
  gdouble risk = 0;
  std::string devices = "cpu";
  std::string throughput_curve;
  std::string scheduler_group;
  std::string history_file;
};

/// Their table. The first rows, up to kLastSchedulerId, are the shared scheduler's properties, under the same names.
const Properties<SchedulerSettings>& scheduler_properties();
constexpr guint kLastSchedulerId = 7;

/// One property's value.
class PropertyValue {
 public:
  PropertyValue(const SchedulerSettings& settings, guint id) {
    const bool is_text =
        std::holds_alternative<Properties<SchedulerSettings>::String>(scheduler_properties().row(id).kind);
    g_value_init(&value_, is_text ? G_TYPE_STRING : G_TYPE_DOUBLE);
    scheduler_properties().get(settings, id, &value_);
  }
  PropertyValue(const PropertyValue&) = delete;
  PropertyValue& operator=(const PropertyValue&) = delete;
  ~PropertyValue() { g_value_unset(&value_); }

  const GValue* get() const { return &value_; }

 private:
  GValue value_ = G_VALUE_INIT;
};

/// Of the element's own, read-only properties.
inline guint scheduler_id() { return scheduler_properties().end_id(); }
inline guint stats_id() { return scheduler_properties().end_id() + 1; }

}  // namespace ekya::gst
