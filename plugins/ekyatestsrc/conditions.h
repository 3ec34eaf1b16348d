// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/base/result.h"

// What the scene looks like at an instant, and how that drifts.
namespace ekya::scene {

enum class Weather { kClear, kRain, kFog, kSnow };
enum class DriftKind { kNone, kAbrupt, kGradual, kRecurring };

/// All in [0, 1].
struct Conditions {
  double light = 1;  ///< 0 night, 1 day.
  double rain = 0, fog = 0, snow = 0;
  double blur = 0;       ///< 1: a standard deviation of 4 pixels of a picture of 360 lines.
  double noise = 0;      ///< 1: a standard deviation of 30 grey levels.
  double viewpoint = 0;  ///< 0: level, from the side; 1: nearer and tilted.
};
Conditions between(const Conditions& before, const Conditions& after, double level);

/// Weather with its strength in [0, 1] in words of Conditions.
void set_weather(Conditions& conditions, Weather weather, double strength);

/// Between "before" and "after" over stream time.
struct Drift {
  DriftKind kind = DriftKind::kNone;
  double start = 0;      ///< Seconds; "before" until then.
  double duration = 60;  ///< Seconds, > 0: length of the ramp (gradual) or of a period (recurring).
};

/// 0: as before the drift, 1: as after it. Recurring drift stays a third of its period at each end and passes gradually
/// between them.
double drift_level(const Drift& drift, double seconds);

/// Relative frequency of each class among new objects; [classes], each >= 0, with a sum > 0.
using ClassMix = std::vector<double>;

/// Parses "car=5,truck=1": classes that are not named get 0, an empty text gives all classes 1.
/// Errors: kInvalidArgument for a class that is not in `labels`, a weight that is no finite number >= 0, or a zero sum.
Result<ClassMix> parse_class_mix(const std::string& text, const std::vector<std::string>& labels);

}  // namespace ekya::scene
