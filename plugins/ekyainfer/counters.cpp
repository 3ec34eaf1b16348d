// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/counters.h"

#include <algorithm>

namespace ekya::gst::infer {

void Counters::add_inference(Seconds time) {
  recent_ms_[inferences++ % recent_ms_.size()] = static_cast<float>(time.count() * 1000);
}

double Counters::median_inference_ms() const {
  const std::size_t count = std::min<std::size_t>(inferences, recent_ms_.size());
  if (count == 0) return 0;
  auto sorted = recent_ms_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

StructurePtr Counters::to_structure(std::uint64_t generation, const std::string& model) const {
  return StructurePtr(gst_structure_new(
      "ekyainfer-stats", "frames", G_TYPE_UINT64, frames, "inferences", G_TYPE_UINT64, inferences, "regions",
      G_TYPE_UINT64, regions, "carried", G_TYPE_UINT64, carried, "late", G_TYPE_UINT64, late, "refused", G_TYPE_UINT64,
      refused, "failed", G_TYPE_UINT64, failed, "swaps", G_TYPE_UINT64, swaps, "failed-swaps", G_TYPE_UINT64,
      failed_swaps, "drift-alarms", G_TYPE_UINT64, drift_alarms, "generation", G_TYPE_UINT64,
      static_cast<guint64>(generation), "model", G_TYPE_STRING, model.c_str(), "interval", G_TYPE_UINT, interval,
      "share", G_TYPE_DOUBLE, share, "inference-ms", G_TYPE_DOUBLE, median_inference_ms(), "load-ms", G_TYPE_DOUBLE,
      load_ms, "last-swap-ms", G_TYPE_DOUBLE, last_swap_ms, "worst-swap-ms", G_TYPE_DOUBLE, worst_swap_ms, nullptr));
}

}  // namespace ekya::gst::infer
