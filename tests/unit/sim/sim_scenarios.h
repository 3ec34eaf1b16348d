// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// Two cameras on one device for two windows of 100 s. Half the device keeps up with all frames of one camera, a
/// quarter with half of them at 80 %. Retraining takes 20 device-seconds; the second window starts 20 points lower.
inline Scenario two_windows() {
  Scenario scenario;
  scenario.window_s = 100;
  scenario.windows = 2;
  scenario.min_accuracy = 0;
  for (const char* id : {"cam0", "cam1"}) {
    ScenarioStream stream;
    stream.id = id;
    stream.accuracy = 0.5;
    stream.inference = {{"full", 0.5, 1}, {"half", 0.25, 0.8}};
    Scene scene;
    scene.retraining = {{{"g", 20, 0.9, 1}, 20, 0.9}};
    stream.scenes = {scene, scene};
    stream.scenes[1].begin_s = 100;
    stream.scenes[1].drop = 0.2;
    scenario.streams.push_back(stream);
  }
  return scenario;
}

}  // namespace ekya::sim
