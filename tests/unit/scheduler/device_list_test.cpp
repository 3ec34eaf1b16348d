// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/device_list.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ekya::scheduler {
namespace {

TEST(DeviceList, NamesDevicesWithTheirCapacityAndMemory) {
  const auto devices = parse_devices("cuda:0=0.5/16000,cuda:1,cpu/2e3");
  ASSERT_TRUE(devices) << devices.error().message;
  ASSERT_EQ(devices->size(), 3u);
  EXPECT_EQ((*devices)[0].id, "cuda:0");
  EXPECT_EQ((*devices)[0].capacity, 0.5);
  EXPECT_EQ((*devices)[0].memory_mb, 16000);
  EXPECT_EQ((*devices)[1].id, "cuda:1");
  EXPECT_EQ((*devices)[1].capacity, 1);
  EXPECT_TRUE(std::isinf((*devices)[1].memory_mb));
  EXPECT_EQ((*devices)[2].memory_mb, 2000);
  EXPECT_EQ(device_list(*devices), "cuda:0=0.5/16000,cuda:1=1,cpu=1/2000");
}

TEST(DeviceList, RefusesAnEntryThatIsNoDevice) {
  for (const char* text : {"", "cpu,", "=1", "cpu=", "cpu=x", "cpu=1x", "cpu=nan", "cpu=1/", "cpu=1/2/3", "cpu=1=2"})
    EXPECT_FALSE(parse_devices(text)) << text;
  EXPECT_EQ(parse_devices("cpu,gpu=a\x1b").error().message, "'gpu=a\\x1b' is not a device ID[=CAPACITY][/MEMORY_MB]");
  std::string many = "d";
  for (int i = 0; i < 256; ++i) many += ",d";
  EXPECT_EQ(parse_devices(many).error().message, "has more than 256 entries");
}

TEST(CurveList, ReadsPointsAndWritesThemAgain) {
  const auto curve = parse_curve("0.1:0.36,0.5:0.83,1:1");
  ASSERT_TRUE(curve) << curve.error().message;
  ASSERT_EQ(curve->size(), 3u);
  EXPECT_EQ((*curve)[0].share, 0.1);
  EXPECT_EQ((*curve)[1].speed, 0.83);
  EXPECT_EQ(curve_list(*curve), "0.1:0.36,0.5:0.83,1:1");
  EXPECT_TRUE(parse_curve("")->empty());
  EXPECT_EQ(curve_list({}), "");
}

TEST(CurveList, RefusesAnEntryThatIsNoPoint) {
  for (const char* text : {",", "0.1", "0.1:", ":1", "0.1:x", "0.1:0.2:0.3", "inf:1"})
    EXPECT_FALSE(parse_curve(text)) << text;
  EXPECT_EQ(parse_curve("0.1:0.3,1").error().message, "'1' is not a point SHARE:SPEED");
}

}  // namespace
}  // namespace ekya::scheduler
