// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ekya/learner/model.h"
#include "ekyatestsrc/scene.h"

namespace ekya::tools {

/// Where crops come from: scenes of these kinds in turn, each rendered from seeds of its own.
struct CropSource {
  std::vector<scene::SceneDrift> kinds;             ///< Only the "before" side is used.
  std::shared_ptr<const scene::SpriteSet> sprites;  ///< May be null: the road scene.
  double jitter = 0;  ///< Boxes are moved and scaled by up to this fraction of their size, as a detector's are.
};

/// Renders scenes until there are `count` crops of [size, size, 3]. Deterministic.
learner::LabelledCrops render_crops(const CropSource& source, int count, int size, std::uint64_t seed);

}  // namespace ekya::tools
