// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "ekya/base/clock.h"
#include "ekya/drift/frame_look.h"
#include "ekya/drift/robust_cusum.h"

namespace ekya::drift {

enum class Signal { kConfidence, kBrightness, kContrast, kSharpness, kClasses };
const char* to_string(Signal signal);

/// What a frame shows without a label.
struct FrameSignals {
  std::optional<double> confidence;  ///< Mean over its results, in [0, 1]; empty: it has none.
  std::span<const int> classes;      ///< Of its results, >= 0.
  std::optional<FrameLook> look;     ///< Empty: not looked at.
};

/// Which signal has left its reference.
struct FrameAlarm {
  Signal signal = Signal::kConfidence;
  double value = 0;      ///< Mean over the newest block, in the signal's unit; kClasses: Hellinger distance in [0, 1].
  double reference = 0;  ///< What it was compared with.
};

/// Drift detection, tier one: without labels, on each frame that has results. Frames are averaged over blocks of
/// kBlock; each mean of confidence, brightness, contrast and sharpness goes into its RobustCusum. Classes are counted
/// over kClassBlocks blocks; the Hellinger distance of the counts to those of before goes into a one-sided one. Any of
/// them alarms; all take what follows for their reference then, so that a lasting change is told once. Constant memory
/// (6 KB), under a microsecond a frame. Not thread-safe.
class FrameDrift {
 public:
  static constexpr Seconds kBlock{0.5};
  static constexpr int kClassBlocks = 20;
  static constexpr std::size_t kClasses = 64;  ///< Class i counts as i mod kClasses.

  FrameDrift();

  /// `at`: the frame's time. One that goes back begins a new block.
  std::optional<FrameAlarm> add(Seconds at, const FrameSignals& signals);
  /// Another model answers from now on: what depends on it is learned afresh.
  void model_changed();
  /// The next time has no relation to the last.
  void restart_time() { block_ = {}; }

 private:
  static constexpr std::size_t kScalars = 4;  ///< Signals before kClasses.
  static constexpr std::size_t kClassWarmUp = 6;
  using Histogram = std::array<double, kClasses>;  ///< Relative frequencies, or counts.

  struct Mean {
    double sum = 0;
    int count = 0;
  };
  struct Block {
    std::optional<Seconds> begin;
    std::array<Mean, kScalars> means;
  };

  void collect(const FrameSignals& signals);
  std::optional<FrameAlarm> close_block();
  std::optional<FrameAlarm> close_classes();
  std::optional<FrameAlarm> compare_classes(const Histogram& now);
  void forget_classes();
  void relearn();

  std::array<RobustCusum, kScalars> scalars_;
  RobustCusum classes_;
  Block block_;
  Histogram counts_{};
  int blocks_counted_ = 0;
  Histogram usual_{};                            ///< Reference of the classes.
  std::array<Histogram, kClassWarmUp> first_{};  ///< That it is first made of.
  std::size_t known_ = 0;                        ///< Of first_.
};

}  // namespace ekya::drift
