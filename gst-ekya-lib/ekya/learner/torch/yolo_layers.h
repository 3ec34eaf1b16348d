// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/learner/yolo_coding.h"

namespace ekya::learner {

/// One layer of a darknet network; its index in the list is darknet's, so that weights have the names of the cfg file.
struct YoloLayer {
  enum class Kind {
    kConv,      ///< Convolution, batch normalisation, leaky ReLU of slope 0.1.
    kOutput,    ///< 1x1 convolution with bias: 3 rows of 5 + labels for each cell.
    kPool,      ///< Maximum of 2x2.
    kUpsample,  ///< Each pixel four times.
    kShortcut,  ///< Sum of `from`.
    kRoute,     ///< `from` side by side.
    kYolo,      ///< Reads the output before it; nothing to compute here.
  };
  Kind kind = Kind::kConv;
  int channels = 0, kernel = 1, stride = 1;
  std::vector<int> from;  ///< Indices of earlier layers.
};

/// A network as its cfg file describes it.
struct YoloPlan {
  std::vector<YoloLayer> layers;
  std::vector<YoloScale> scales;  ///< One for each output, in order.
  std::vector<float> anchors;     ///< Published ones, in pixels of the input.
};

/// Source: yolov3.cfg of darknet (Redmon and Farhadi, 2018): Darknet-53 and three scales.
const YoloPlan& yolov3_plan();
/// Source: yolov3-tiny.cfg of darknet: seven convolutions with pooling, and two scales.
const YoloPlan& yolov3_tiny_plan();

}  // namespace ekya::learner
