// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/frame_drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "ekya/base/random.h"

namespace ekya::drift {
namespace {

/// A street at five frames a second: signals that wander as objects come and go, and classes by a mix.
class Street {
 public:
  explicit Street(std::uint64_t seed) : random_(seed) {}

  double brightness = 0.5, contrast = 0.2, sharpness = -4, confidence = 0.9;
  std::vector<double> mix{0.5, 0.3, 0.2};

  /// Alarms of so many seconds, by name.
  std::vector<std::string> play(FrameDrift& drift, double seconds, const std::function<void(double)>& change = {}) {
    std::vector<std::string> alarms;
    for (const double begin = now_; now_ < begin + seconds - 1e-9; now_ += 0.2) {
      if (change) change(now_ - begin);
      if (const auto alarm = drift.add(Seconds{now_}, frame())) alarms.push_back(to_string(alarm->signal));
    }
    return alarms;
  }

 private:
  double wander(int signal, double deviation) {  // Correlated over about two seconds.
    double& state = state_[signal];
    state = 0.9 * state + std::sqrt(1 - 0.81) * random_.normal();
    return deviation * state;
  }

  FrameSignals frame() {
    FrameSignals signals;
    signals.confidence = confidence + wander(0, 0.04);
    signals.look = FrameLook{brightness + wander(1, 0.01), contrast + wander(2, 0.01), sharpness + wander(3, 0.1)};
    if (frames_++ % 25 == 0) draw_classes();  // Objects stay for five seconds.
    signals.classes = classes_;
    return signals;
  }

  void draw_classes() {
    classes_.clear();
    for (int object = 0; object < 5; ++object) {
      double u = random_.uniform();
      int label = 0;
      while (label + 1 < static_cast<int>(mix.size()) && u >= mix[static_cast<std::size_t>(label)])
        u -= mix[static_cast<std::size_t>(label++)];
      classes_.push_back(label);
    }
  }

  Random random_;
  double now_ = 0;
  double state_[4] = {};
  int frames_ = 0;
  std::vector<int> classes_;
};

TEST(FrameDrift, TakesNoNoiseForDrift) {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    FrameDrift drift;
    alarms += static_cast<int>(Street(seed).play(drift, 1800).size());
  }
  EXPECT_LE(alarms, 2);  // In five hours.
}

TEST(FrameDrift, SeesAnAbruptChangeOfEachSignalOnceWithinSeconds) {
  const struct {
    const char* signal;
    std::function<void(Street&)> change;
    double within;
  } rows[] = {{"brightness", [](Street& s) { s.brightness = 0.25; }, 5},
              {"contrast", [](Street& s) { s.contrast = 0.05; }, 5},
              {"sharpness", [](Street& s) { s.sharpness = -6.5; }, 5},
              {"confidence", [](Street& s) { s.confidence = 0.55; }, 8},
              {"classes",
               [](Street& s) {
                 s.mix = {0.02, 0.08, 0.9};
               },
               90}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.signal);
    FrameDrift drift;
    Street street(7);
    ASSERT_EQ(street.play(drift, 300).size(), 0u);
    row.change(street);
    EXPECT_EQ(street.play(drift, row.within), std::vector<std::string>{row.signal});
    EXPECT_EQ(street.play(drift, 300).size(), 0u);
  }
}

TEST(FrameDrift, SeesTheLightFallOverHalfAnHour) {
  FrameDrift drift;
  Street street(8);
  ASSERT_EQ(street.play(drift, 600).size(), 0u);
  const auto alarms = street.play(drift, 1800, [&](double t) { street.brightness = 0.5 - 0.3 * t / 1800; });
  ASSERT_FALSE(alarms.empty());
  for (const auto& signal : alarms) EXPECT_EQ(signal, "brightness");
}

TEST(FrameDrift, AFlashIsNoDrift) {
  FrameDrift drift;
  Street street(9);
  street.play(drift, 120);
  street.brightness = 1;
  EXPECT_EQ(street.play(drift, 1).size(), 0u);
  street.brightness = 0.5;
  EXPECT_EQ(street.play(drift, 60).size(), 0u);
}

TEST(FrameDrift, AnotherModelIsNoDriftButAnotherLightIs) {
  FrameDrift drift;
  Street street(10);
  street.play(drift, 120);
  drift.model_changed();
  street.confidence = 0.5, street.mix = {0, 0, 1};
  EXPECT_EQ(street.play(drift, 200).size(), 0u);
  drift.model_changed();
  street.brightness = 0.2;
  EXPECT_EQ(street.play(drift, 5).size(), 1u);
}

TEST(FrameDrift, FollowsTimesThatJump) {
  FrameDrift drift;
  Street street(11);
  street.play(drift, 60);
  EXPECT_FALSE(drift.add(Seconds{5}, {}));
  EXPECT_FALSE(drift.add(Seconds{1e9}, {}));
  drift.restart_time();
  EXPECT_FALSE(drift.add(Seconds{0}, {}));
  EXPECT_EQ(street.play(drift, 60).size(), 0u);
}

TEST(FrameDrift, FramesWithoutResultsAndNumbersThatAreNoneSayNothing) {
  FrameDrift drift;
  for (int i = 0; i < 3000; ++i) {
    FrameSignals signals;
    if (i % 2) signals.confidence = std::numeric_limits<double>::quiet_NaN();
    ASSERT_FALSE(drift.add(Seconds{i * 0.1}, signals));
  }
}

TEST(FrameDrift, TakesClassesOfAnyNumber) {
  FrameDrift drift;
  const std::vector<int> classes{-5, 4095, 64, 2147483647};
  for (int i = 0; i < 3000; ++i) {
    FrameSignals signals;
    signals.classes = classes;
    ASSERT_FALSE(drift.add(Seconds{i * 0.1}, signals));
  }
}

}  // namespace
}  // namespace ekya::drift
