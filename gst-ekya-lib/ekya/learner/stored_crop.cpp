// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/stored_crop.h"

#include <algorithm>

#include "ekya/base/printable.h"
#include "ekya/base/sha256.h"
#include "ekya/device/preprocess.h"

namespace ekya::learner {
namespace {

constexpr std::size_t kLongestLabel = 256;

}  // namespace

std::string digest_of(std::span<const std::byte> bytes) {
  const auto digest = Sha256().add(bytes).digest();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Status check_sample(const Sample& sample) {
  const auto wrong = [](const std::string& what) { return Error{ErrorCode::kInvalidArgument, "sample: " + what}; };
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; };
  if (sample.label.empty() || sample.label.size() > kLongestLabel || std::ranges::any_of(sample.label, is_control))
    return wrong("the label '" + printable(sample.label) + "' is not 1 to 256 bytes without control characters");
  const auto size = static_cast<std::size_t>(std::clamp(sample.size, 0, kLargestCrop));
  if (sample.size < 1 || sample.size > kLargestCrop || sample.pixels.size() != size * size * 3)
    return wrong("size " + std::to_string(sample.size) + " with " + std::to_string(sample.pixels.size()) +
                 " bytes of pixels; expected 1 to 2048 with size x size x 3 bytes");
  if (!(sample.confidence > 0 && sample.confidence <= 1))
    return wrong("the confidence " + std::to_string(sample.confidence) + " is not above 0 and at most 1");
  if (sample.window > INT64_MAX) return wrong("the window " + std::to_string(sample.window) + " is too large");
  return {};
}

Status append_resized(const std::vector<std::uint8_t>& pixels, int from, int to, std::vector<std::uint8_t>& out) {
  if (from == to) {
    out.insert(out.end(), pixels.begin(), pixels.end());
    return {};
  }
  device::ImageView view{.width = from, .height = from};
  view.plane[0] = pixels.data();
  view.size[0] = pixels.size();
  view.stride[0] = from * 3;
  const std::size_t at = out.size(), bytes = static_cast<std::size_t>(to) * static_cast<std::size_t>(to) * 3;
  out.resize(at + bytes);
  return device::crop_resize(view, {0, 0, from, from}, to, to, std::span(out).subspan(at));
}

}  // namespace ekya::learner
