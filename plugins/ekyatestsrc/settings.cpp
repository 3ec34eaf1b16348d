// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/settings.h"

namespace ekya::gst::testsrc {
namespace {

double after(double before, double value) { return value == kAsBefore ? before : value; }

scene::Conditions conditions_before(const Settings& s) {
  scene::Conditions c;
  c.light = s.light, c.blur = s.blur, c.noise = s.noise, c.viewpoint = s.viewpoint;
  set_weather(c, static_cast<scene::Weather>(s.weather), s.weather_strength);
  return c;
}

scene::Conditions conditions_after(const Settings& s) {
  scene::Conditions c;
  c.light = after(s.light, s.light_after), c.blur = after(s.blur, s.blur_after);
  c.noise = after(s.noise, s.noise_after), c.viewpoint = after(s.viewpoint, s.viewpoint_after);
  const gint weather = s.weather_after == kWeatherAsBefore ? s.weather : s.weather_after;
  set_weather(c, static_cast<scene::Weather>(weather), after(s.weather_strength, s.weather_strength_after));
  return c;
}

Result<scene::ClassMix> parse(const char* property, const std::string& text, const std::vector<std::string>& labels) {
  auto mix = scene::parse_class_mix(text, labels);
  if (!mix) return Error{mix.error().code, std::string("property ") + property + ": " + mix.error().message};
  return mix;
}

}  // namespace

bool has_after(const Settings& s) {
  for (double value : {s.light_after, s.weather_strength_after, s.blur_after, s.noise_after, s.viewpoint_after})
    if (value != kAsBefore) return true;
  return s.weather_after != kWeatherAsBefore || !s.class_mix_after.empty();
}

Result<scene::SceneDrift> scene_drift(const Settings& s, const std::vector<std::string>& labels) {
  scene::SceneDrift drift;
  const auto before = parse("class-mix", s.class_mix, labels);
  if (!before) return before.error();
  const auto later = parse("class-mix-after", s.class_mix_after.empty() ? s.class_mix : s.class_mix_after, labels);
  if (!later) return later.error();
  drift.mix_before = *before, drift.mix_after = *later;
  drift.before = conditions_before(s), drift.after = conditions_after(s);
  drift.drift = {static_cast<scene::DriftKind>(s.drift), s.drift_start, s.drift_duration};
  drift.sprites_window = static_cast<int>(s.sprites_window);
  drift.sprites_window_seconds = s.sprites_window_duration;
  return drift;
}

}  // namespace ekya::gst::testsrc
