// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame_batch.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <cstring>

#include "attempt.h"
#include "batches.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

std::string to_text(const LabelledBox& box) {
  return std::to_string(box.x1) + ", " + std::to_string(box.y1) + " to " + std::to_string(box.x2) + ", " +
         std::to_string(box.y2);
}

void check_box(const LabelledBox& box, const ModelInfo& info) {
  const bool inside = box.x1 >= 0 && box.y1 >= 0 && box.x2 <= 1 && box.y2 <= 1 && box.x1 < box.x2 && box.y1 < box.y2;
  if (!inside) refuse(ErrorCode::kInvalidArgument, "the box " + to_text(box) + " is empty or outside the frame");
  if (box.label < 0 || box.label >= static_cast<int>(info.labels.size()))
    refuse(ErrorCode::kInvalidArgument, "label " + std::to_string(box.label) + " is out of range, the model has " +
                                            std::to_string(info.labels.size()) + " classes");
  if (!(box.weight > 0 && std::isfinite(box.weight)))
    refuse(ErrorCode::kInvalidArgument, "box weight " + std::to_string(box.weight) + " is not above 0");
}

}  // namespace

void check_detection_training(const LabelledFrames& data, const ModelInfo& info, const TrainOptions& options) {
  const auto count = static_cast<std::size_t>(data.count()), side = static_cast<std::size_t>(info.input_size);
  if (count == 0) refuse(ErrorCode::kInvalidArgument, "there is no frame to train on");
  if (data.size != info.input_size)
    refuse(ErrorCode::kInvalidArgument, "the frames have a side of " + std::to_string(data.size) +
                                            " pixels, the model's input has " + std::to_string(info.input_size));
  if (data.pixels.size() != count * side * side * 3)
    refuse(ErrorCode::kInvalidArgument, "there are boxes of " + std::to_string(count) + " frames, but " +
                                            std::to_string(data.pixels.size()) + " bytes of pixels");
  for (const auto& boxes : data.boxes)
    for (const LabelledBox& box : boxes) check_box(box, info);
  if (options.head_width > 0 || !options.labels.empty() || options.mixed_precision)
    refuse(ErrorCode::kInvalidArgument, "another head, more labels and mixed precision are for classifiers");
  check_options(options);
}

FrameBatch frame_batch(const LabelledFrames& data, std::span<const std::int64_t> rows,
                       const device::Normalisation& normalisation) {
  const std::int64_t side = data.size;
  const auto bytes = static_cast<std::size_t>(side * side * 3);
  const at::Tensor pixels = at::empty({static_cast<std::int64_t>(rows.size()), side, side, 3}, at::kByte);
  FrameBatch batch;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows[i]);
    std::memcpy(pixels.mutable_data_ptr<std::uint8_t>() + i * bytes, data.pixels.data() + row * bytes, bytes);
    batch.truth.push_back(data.boxes[row]);
  }
  batch.images = normalised(pixels, normalisation);
  return batch;
}

void mirror(FrameBatch& batch, std::int64_t index) {
  batch.images[index].copy_(batch.images[index].flip(2).clone());
  for (LabelledBox& box : batch.truth[static_cast<std::size_t>(index)]) {
    const float left = 1 - box.x2;
    box.x2 = 1 - box.x1;
    box.x1 = left;
  }
}

}  // namespace ekya::learner
