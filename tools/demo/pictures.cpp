// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pictures.h"

#include <turbojpeg.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "common/region_labels.h"
#include "glue/frame_view.h"

namespace ekya::demo {
namespace {

using tools::for_each_region;
using tools::label_of;

constexpr double kFramePeriod = 8, kCropPeriod = 2;  // Seconds of stream time.
constexpr int kCropSize = 64, kQuality = 85;

bool write_jpeg(const std::string& path, const std::vector<std::uint8_t>& rgb, int width, int height) {
  const std::unique_ptr<void, decltype(&tjDestroy)> encoder(tjInitCompress(), tjDestroy);
  unsigned char* jpeg = nullptr;
  unsigned long size = 0;
  const int failed = tjCompress2(encoder.get(), rgb.data(), width, 0, height, TJPF_RGB, &jpeg, &size, TJSAMP_444,
                                 kQuality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, decltype(&tjFree)> owner(jpeg, tjFree);
  if (failed) return false;
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "wb"), std::fclose);
  return file && std::fwrite(jpeg, 1, size, file.get()) == size;
}

/// Cuts the rectangle out and writes it as a JPEG of the given size.
bool save(const std::string& path, const device::ImageView& image, const device::Rect& rect, int width, int height) {
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * height * 3);
  return device::crop_resize(image, rect, width, height, rgb) && write_jpeg(path, rgb, width, height);
}

nlohmann::json regions_of(GstBuffer* buffer) {
  auto regions = nlohmann::json::array();
  for_each_region(buffer, [&](GstVideoRegionOfInterestMeta* region) {
    regions.push_back({{"x", region->x},
                       {"y", region->y},
                       {"w", region->w},
                       {"h", region->h},
                       {"truth", label_of(region, GST_EKYA_PARAM_TRUTH)},
                       {"label", label_of(region, GST_EKYA_PARAM_CLASSIFICATION)}});
  });
  return regions;
}

}  // namespace

bool Pictures::due(const std::string& what, const CameraSpec& camera, GstBuffer* buffer, double period_s) {
  const auto period = static_cast<long>(static_cast<double>(GST_BUFFER_PTS(buffer)) / 1e9 / period_s);
  MutexLock lock(mutex_);
  return saved_.insert(what + camera.id + std::to_string(period)).second;
}

void Pictures::save_frame(const CameraSpec& camera, GstBuffer* buffer, const GstVideoInfo& info) {
  if (!due("frame", camera, buffer, kFramePeriod)) return;
  const auto view = gst::FrameView::map(buffer, info);
  if (!view) return;
  const double time = static_cast<double>(GST_BUFFER_PTS(buffer)) / 1e9;
  const std::string name = camera.id + "-frame-" + std::to_string(static_cast<int>(time)) + ".jpg";
  const int width = info.width, height = info.height;
  if (save(folder_ + "/" + name, view->image(), {0, 0, width, height}, width, height))
    trace_({{"type", "frame"}, {"stream", camera.id}, {"time", time}, {"file", name}, {"regions", regions_of(buffer)}});
}

void Pictures::save_crops(const CameraSpec& camera, GstBuffer* buffer, const GstVideoInfo& info) {
  if (!due("crop", camera, buffer, kCropPeriod)) return;
  const auto view = gst::FrameView::map(buffer, info);
  if (!view) return;
  const double time = static_cast<double>(GST_BUFFER_PTS(buffer)) / 1e9;
  int number = 0;
  for_each_region(buffer, [&](GstVideoRegionOfInterestMeta* region) {
    const std::string label = label_of(region, GST_EKYA_PARAM_LABEL);
    if (label.empty()) return;
    const std::string name =
        camera.id + "-crop-" + std::to_string(static_cast<int>(time)) + "-" + std::to_string(number++) + ".jpg";
    const device::Rect rect{static_cast<int>(region->x), static_cast<int>(region->y), static_cast<int>(region->w),
                            static_cast<int>(region->h)};
    if (save(folder_ + "/" + name, view->image(), rect, kCropSize, kCropSize))
      trace_({{"type", "crop"},
              {"stream", camera.id},
              {"time", time},
              {"file", name},
              {"label", label},
              {"truth", label_of(region, GST_EKYA_PARAM_TRUTH)}});
  });
}

}  // namespace ekya::demo
