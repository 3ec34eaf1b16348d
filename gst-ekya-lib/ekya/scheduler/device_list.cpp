// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/device_list.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "ekya/base/printable.h"
#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

/// More entries are a mistake, and would make planning slow.
constexpr std::size_t kMostEntries = 256;

/// What comes before the first `mark`, and what comes after it where there is one.
struct Cut {
  std::string_view before;
  std::optional<std::string_view> after;
};

Cut cut(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Error refuse(std::string_view entry, const char* form) {
  return Error{ErrorCode::kInvalidArgument, "'" + printable(entry) + "' is not " + form};
}

Result<Device> parse_device(std::string_view entry) {
  constexpr const char* kForm = "a device ID[=CAPACITY][/MEMORY_MB]";
  const Cut memory = cut(entry, '/');
  const Cut capacity = cut(memory.before, '=');
  Device device;
  device.id = capacity.before;
  const auto read = [](const std::optional<std::string_view>& text, double& into) {
    const auto value = text ? number(*text) : into;
    into = value.value_or(into);
    return value.has_value();
  };
  if (device.id.empty() || !read(capacity.after, device.capacity) || !read(memory.after, device.memory_mb))
    return refuse(entry, kForm);
  return device;
}

Result<CurvePoint> parse_point(std::string_view entry) {
  const Cut point = cut(entry, ':');
  const auto share = number(point.before);
  const auto speed = point.after ? number(*point.after) : std::nullopt;
  if (!share || !speed) return refuse(entry, "a point SHARE:SPEED");
  return CurvePoint{*share, *speed};
}

template <typename T>
Result<std::vector<T>> parse_list(std::string_view text, Result<T> (*parse)(std::string_view)) {
  std::vector<T> entries;
  for (Cut rest{{}, text}; rest.after;) {
    rest = cut(*rest.after, ',');
    const Result<T> entry = parse(rest.before);
    if (!entry) return entry.error();
    if (entries.size() == kMostEntries)
      return Error{ErrorCode::kInvalidArgument, "has more than " + std::to_string(kMostEntries) + " entries"};
    entries.push_back(*entry);
  }
  return entries;
}

}  // namespace

Result<std::vector<Device>> parse_devices(std::string_view text) { return parse_list<Device>(text, parse_device); }

std::string device_list(const std::vector<Device>& devices) {
  std::string text;
  for (const Device& device : devices) {
    text += (text.empty() ? "" : ",") + device.id + "=" + in_words(device.capacity);
    if (std::isfinite(device.memory_mb)) text += "/" + in_words(device.memory_mb);
  }
  return text;
}

Result<std::vector<CurvePoint>> parse_curve(std::string_view text) {
  if (text.empty()) return std::vector<CurvePoint>{};
  return parse_list<CurvePoint>(text, parse_point);
}

std::string curve_list(const std::vector<CurvePoint>& curve) {
  std::string text;
  for (const CurvePoint& point : curve)
    text += (text.empty() ? "" : ",") + in_words(point.share) + ":" + in_words(point.speed);
  return text;
}

}  // namespace ekya::scheduler
