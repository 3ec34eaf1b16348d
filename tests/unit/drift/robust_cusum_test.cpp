// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/robust_cusum.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ekya/base/random.h"

namespace ekya::drift {
namespace {

/// Values until the alarm, at most `most`.
template <typename Next>
int run_length(RobustCusum& cusum, int most, const Next& next) {
  for (int i = 1; i <= most; ++i)
    if (cusum.add(next())) return i;
  return most;
}

TEST(RobustCusum, LearnsItsReferenceAsAMedian) {
  RobustCusumOptions options;
  options.warm_up = 5;
  RobustCusum cusum(options);
  for (const double value : {3.0, 1.0, 1000.0, 2.0}) cusum.add(value);
  EXPECT_TRUE(cusum.is_learning());
  cusum.add(4);
  EXPECT_FALSE(cusum.is_learning());
  EXPECT_DOUBLE_EQ(cusum.reference(), 3);
}

// A shift that is clipped to 4 adds 3.5 to the sum: above 12 with the fourth value, whatever its sign.
TEST(RobustCusum, SeesALargeShiftWithTheFourthValue) {
  for (const double to : {50.0, -50.0}) {
    RobustCusum cusum;
    Random random(1);
    for (int i = 0; i < 500; ++i) ASSERT_FALSE(cusum.add(random.normal())) << i;
    EXPECT_EQ(run_length(cusum, 10, [&] { return to; }), 4);
  }
}

TEST(RobustCusum, HearsOnlyRisesWhereToldSo) {
  RobustCusumOptions options;
  options.only_up = true;
  RobustCusum cusum(options);
  Random random(2);
  for (int i = 0; i < 500; ++i) cusum.add(random.normal());
  EXPECT_EQ(run_length(cusum, 20, [] { return -50.0; }), 20);
}

TEST(RobustCusum, ThreeOutliersAloneAreNoShift) {
  RobustCusum cusum;
  Random random(3);
  for (int i = 0; i < 200; ++i) cusum.add(random.normal());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(cusum.add(1e6));
  EXPECT_EQ(run_length(cusum, 200, [&] { return random.normal(); }), 200);
}

// Neighbours alike: the sum of such values wanders (1 + 0.9) / (1 - 0.9) times as far as their variance says.
TEST(RobustCusum, WanderingIsNoShift) {
  int alarms = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    RobustCusum cusum;
    Random random(seed, 4);
    double state = 0;
    for (int i = 0; i < 5000; ++i) {
      state = 0.9 * state + std::sqrt(1 - 0.81) * random.normal();
      if (!cusum.add(state)) continue;
      ++alarms;
      cusum.relearn();
    }
  }
  EXPECT_LE(alarms, 3);
}

TEST(RobustCusum, RelearnsWhereItIs) {
  RobustCusum cusum;
  for (int i = 0; i < 40; ++i) cusum.add(i % 2);
  EXPECT_EQ(run_length(cusum, 100, [] { return 70.0; }), 4);
  cusum.relearn();
  EXPECT_TRUE(cusum.is_learning());
  EXPECT_EQ(run_length(cusum, 100, [] { return 70.0; }), 100);
  EXPECT_DOUBLE_EQ(cusum.reference(), 70);
}

}  // namespace
}  // namespace ekya::drift
