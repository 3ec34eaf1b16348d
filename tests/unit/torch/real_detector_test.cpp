// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <unistd.h>

#include "torch_fixtures.h"

namespace ekya::learner::testing {
namespace {

// Yolo-Fastest beside the checkout: real data that the tests may use where it is.
TEST(YoloFastest, PassesTheCheckAndFindsNothingInABlackFrame) {
  const std::string path = EKYA_SHARED_DATA "/models/yolo-fastest-1.1-xl-320.ts.pt";
  if (access(path.c_str(), R_OK) != 0) GTEST_SKIP() << path << " is not there";
  const Status checked = check_torchscript(path, 320, 84);
  ASSERT_TRUE(checked) << checked.error().message;
  DetectorInfo info;
  for (int i = 0; i < 80; ++i) info.labels.push_back("class" + std::to_string(i));
  const auto detector = torch_engine().load_torchscript_detector(path, info);
  ASSERT_TRUE(detector) << detector.error().message;
  const auto found = (*detector)->detect(std::vector<float>(3 * 320 * 320), 0.4F);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->size(), 0U);
  EXPECT_EQ((*detector)->detect(std::vector<float>(3 * 320 * 320), 0)->size(), 300U)
      << "all weak ones, up to the limit";
}

}  // namespace
}  // namespace ekya::learner::testing
