// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <span>
#include <string>

namespace ekya::learner {

/// Chooses which frames are held back from training, for the gate: about one sample in kOneIn of each class. A frame is
/// held back as a whole, so that two crops of one frame never lie on both sides. Deterministic: the same labels in the
/// same order give the same choice. Not thread-safe.
class HeldBackChooser {
 public:
  static constexpr int kOneIn = 5;

  /// labels: of the crops of the next frame. True: hold the whole frame back.
  bool next(std::span<const std::string> labels);

 private:
  std::map<std::string, int> balance_;  ///< Samples seen less kOneIn times those held back, a class.
};

}  // namespace ekya::learner
