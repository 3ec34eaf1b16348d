// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scheduler_settings.h"

namespace ekya::gst {
namespace {

/// The policies' names, as a property's description.
const char* policy_blurb() {
  static const std::string blurb = [] {
    std::string text;
    for (const std::string& name : ekya::scheduler::policy_names()) text += (text.empty() ? "" : ", ") + name;
    return "How windows are planned: " + text;
  }();
  return blurb.c_str();
}

}  // namespace

const Properties<SchedulerSettings>& scheduler_properties() {
  using P = Properties<SchedulerSettings>;
  static const P table{
      {"policy", policy_blurb(), P::String{&SchedulerSettings::policy}, GST_PARAM_MUTABLE_PLAYING},
      {"window-duration", "The period that one plan covers, in seconds",
       P::Double{&SchedulerSettings::window_duration, 0.1, 86400}, GST_PARAM_MUTABLE_PLAYING},
      {"quantum", "The smallest share handed out, in devices", P::Double{&SchedulerSettings::quantum, 0.01, 1},
       GST_PARAM_MUTABLE_PLAYING},
      {"min-accuracy", "Accuracy that live inference keeps at every instant where it can",
       P::Double{&SchedulerSettings::min_accuracy, 0, 1}, GST_PARAM_MUTABLE_PLAYING},
      {"risk", "Standard deviations by which retrainings are planned worse than estimated",
       P::Double{&SchedulerSettings::risk, 0, 10}, GST_PARAM_MUTABLE_PLAYING},
      {"devices", "Devices that are shared out, ID[=CAPACITY][/MEMORY_MB] separated by commas",
       P::String{&SchedulerSettings::devices}, GST_PARAM_MUTABLE_PLAYING},
      {"throughput-curve", "Speed of a retraining job by its share, SHARE:SPEED separated by commas; empty: linear",
       P::String{&SchedulerSettings::throughput_curve}, GST_PARAM_MUTABLE_PLAYING},
      {"scheduler-group", "Pipelines of this process with the same group share one scheduler",
       P::String{&SchedulerSettings::scheduler_group}},
      {"history-file",
       "Write requests, plans with their problems, grants and windows to this file, a JSON object a line",
       P::String{&SchedulerSettings::history_file}}};
  return table;
}

}  // namespace ekya::gst
