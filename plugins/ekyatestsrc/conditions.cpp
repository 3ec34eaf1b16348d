// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/conditions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <numeric>
#include <sstream>
#include <string_view>

#include "ekya/base/printable.h"

namespace ekya::scene {
namespace {

constexpr std::size_t kLongestMix = 64 * 1024;

Error bad_mix(const std::string& entry, const std::string& why) {
  return {ErrorCode::kInvalidArgument, "class mix entry '" + printable(entry) + "' " + why};
}

Result<double> parse_weight(std::string_view text, const std::string& entry) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(weight) || weight < 0 || weight > 1e6)
    return bad_mix(entry, "has no weight from 0 to 1000000 after '='; write it as car=5,truck=1");
  return weight;
}

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t");
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string joined(const std::vector<std::string>& labels) {
  std::string out;
  for (const auto& label : labels) out += (out.empty() ? "" : ", ") + label;
  return printable(out, 400);
}

}  // namespace

Conditions between(const Conditions& b, const Conditions& a, double level) {
  const auto mean = [&](double before, double after) { return std::lerp(before, after, level); };
  return {mean(b.light, a.light),        mean(b.rain, a.rain), mean(b.fog, a.fog),
          mean(b.snow, a.snow),          mean(b.blur, a.blur), mean(b.noise, a.noise),
          mean(b.viewpoint, a.viewpoint)};
}

void set_weather(Conditions& c, Weather weather, double strength) {
  c.rain = weather == Weather::kRain ? strength : 0;
  c.fog = weather == Weather::kFog ? strength : 0;
  c.snow = weather == Weather::kSnow ? strength : 0;
}

double drift_level(const Drift& drift, double seconds) {
  if (drift.kind == DriftKind::kNone || seconds < drift.start) return 0;
  const double parts = (seconds - drift.start) / drift.duration;
  if (drift.kind == DriftKind::kAbrupt) return 1;
  if (drift.kind == DriftKind::kGradual) return std::min(parts, 1.0);
  return std::clamp(0.5 - std::cos(2 * std::numbers::pi * parts), 0.0, 1.0);
}

Result<ClassMix> parse_class_mix(const std::string& text, const std::vector<std::string>& labels) {
  if (trimmed(text).empty()) return ClassMix(labels.size(), 1.0);
  if (text.size() > kLongestMix)
    return Error{ErrorCode::kInvalidArgument, "class mix is longer than " + std::to_string(kLongestMix) + " bytes"};
  ClassMix mix(labels.size(), 0.0);
  std::istringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ',');) {
    entry = trimmed(entry);
    const auto equals = entry.rfind('=');
    if (equals == std::string::npos) return bad_mix(entry, "has no '='; write it as car=5,truck=1");
    const auto label = std::find(labels.begin(), labels.end(), trimmed(entry.substr(0, equals)));
    if (label == labels.end()) return bad_mix(entry, "names no class of this scene: " + joined(labels));
    const auto weight = parse_weight(std::string_view(entry).substr(equals + 1), entry);
    if (!weight) return weight.error();
    mix[static_cast<std::size_t>(label - labels.begin())] = *weight;
  }
  if (std::accumulate(mix.begin(), mix.end(), 0.0) <= 0)
    return Error{ErrorCode::kInvalidArgument, "class mix '" + printable(text) + "' leaves no class above 0"};
  return mix;
}

}  // namespace ekya::scene
