// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>

#include "ekya/base/result.h"
#include "ekyatestsrc/scene.h"

namespace ekya::gst::testsrc {

constexpr double kAsBefore = -1;  ///< Value of an -after property that changes nothing.
constexpr gint kWeatherAsBefore = -1;

/// The properties, and the only place of their defaults.
struct Settings {
  bool is_live = false;
  guint64 seed = 1;
  guint objects = 5;
  gdouble light = 1, light_after = kAsBefore;
  gint weather = 0, weather_after = kWeatherAsBefore;
  gdouble weather_strength = 0.8, weather_strength_after = kAsBefore;
  gdouble blur = 0, blur_after = kAsBefore;
  gdouble noise = 0, noise_after = kAsBefore;
  gdouble viewpoint = 0, viewpoint_after = kAsBefore;
  std::string class_mix, class_mix_after;
  gint drift = 0;
  gdouble drift_start = 20, drift_duration = 60;
  std::string sprites, sprites_labels;
  guint sprites_window = 0;
  gdouble sprites_window_duration = 0;

  bool operator==(const Settings&) const = default;
};

/// Whether any -after property differs from the one before.
bool has_after(const Settings& settings);

/// The settings as the scene wants them. Errors: a class mix that does not parse, naming its property.
Result<scene::SceneDrift> scene_drift(const Settings& settings, const std::vector<std::string>& labels);

}  // namespace ekya::gst::testsrc
