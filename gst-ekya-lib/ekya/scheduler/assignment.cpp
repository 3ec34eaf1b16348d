// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/assignment.h"

#include <algorithm>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/pick.h"

namespace ekya::scheduler {
Assignment without_retraining(const WindowModel& model, std::vector<int> device) {
  Assignment assignment;
  const std::size_t streams = model.streams.size();
  assignment.option.assign(streams, -1);
  assignment.job_device = device;
  for (std::size_t v = 0; v < streams; ++v)
    if (model.streams[v].running >= 0) assignment.job_device[v] = model.streams[v].running;
  assignment.device = std::move(device);
  assignment.labelling.assign(streams, 0);
  assignment.floor.assign(streams, 0);
  for (int d = 0; d < static_cast<int>(model.devices.size()); ++d) serve_first(model, d, assignment);
  return assignment;
}

void serve_first(const WindowModel& model, int device, Assignment& assignment) {
  std::vector<int> here;
  for (int v = 0; v < static_cast<int>(model.streams.size()); ++v)
    if (assignment.device[v] == device) here.push_back(v);
  std::stable_sort(here.begin(), here.end(),
                   [&](int a, int b) { return model.streams[a].floor_demand() < model.streams[b].floor_demand(); });
  const double capacity = model.devices[device].capacity;
  double left = capacity, wanted = 0;
  for (int v : here) {
    const WindowModel::StreamModel& stream = model.streams[v];
    const double demand = stream.floor_demand();
    const bool held = stream.floor > 0 && demand <= left + kShareTolerance;
    assignment.floor[v] = held ? stream.floor : 0;
    if (held) left = std::max(0.0, left - demand);
    wanted += stream.labelling;
  }
  const double most = std::min(left, kLabellingFraction * capacity);
  for (int v : here) assignment.labelling[v] = model.streams[v].labelling * (wanted > most ? most / wanted : 1);
}

int floors_held(const Assignment& assignment) {
  return static_cast<int>(
      std::count_if(assignment.floor.begin(), assignment.floor.end(), [](double floor) { return floor > 0; }));
}

}  // namespace ekya::scheduler
