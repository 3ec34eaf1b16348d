// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scenario.h"

namespace ekya::demo {
namespace {

/// One abrupt drift to night and rain, one gradual drift of the class mix.
std::vector<CameraSpec> street() {
  // As the student was trained on, see ekya-make-models.
  const std::string usual = "car=6,truck=3,person=3,bus=0.05,bicycle=0.05,motorcycle=0.05";
  return {{"night", "abrupt drift to night and rain",
           "seed=11 objects=6 drift=abrupt drift-start=16 light-after=0.1 weather-after=rain class-mix=\"" + usual +
               "\" class-mix-after=\"" + usual + "\"",
           16, 16},
          {"mix", "gradual drift of the class mix",
           "seed=12 objects=6 drift=gradual drift-start=16 drift-duration=8 class-mix=\"" + usual +
               "\" class-mix-after=\"car=1,truck=1,person=1,bus=3,bicycle=3,motorcycle=3\"",
           16, 24}};
}

/// One abrupt drift of the light, one of the class mix. Objects need up to 10 s to leave the belt.
std::vector<CameraSpec> conveyor(const std::string& sprites) {
  const std::string usual = "0=1,1=1,2=1,3=1,4=1,5=0.02,6=0.02,7=0.02,8=0.02,9=0.02";
  const std::string both =
      " objects=8 drift=abrupt drift-start=16 class-mix=\"" + usual + "\" sprites=\"" + sprites + "\" class-mix-after=";
  return {{"dim", "abrupt drift to a dim light", "seed=11 light-after=0.2" + both + "\"" + usual + "\"", 16, 16},
          {"mix", "abrupt drift of the class mix", "seed=12" + both + "\"0=1,1=1,2=1,3=1,4=1,5=3,6=3,7=3,8=3,9=3\"", 16,
           26}};
}

/// Five windows of the data set, dark to bright, at two paces. Objects of a window stay up to 10 s into the next.
std::vector<CameraSpec> signs(const std::string& sprites) {
  const auto source = [&](int seed, int seconds) {
    return "seed=" + std::to_string(seed) + " objects=14 sprites=\"" + sprites +
           "\" sprites-window-duration=" + std::to_string(seconds);
  };
  return {{"fast", "a brighter window each 10 s", source(11, 10), 10, 50},
          {"slow", "a brighter window each 15 s", source(12, 15), 15, 70}};
}

}  // namespace

Scenario scenario(const std::string& name, const std::string& sprites) {
  if (name == "street") return {street()};
  if (name == "conveyor") return {conveyor(sprites)};
  if (name == "signs") return {signs(sprites), 10};
  return {};
}

}  // namespace ekya::demo
