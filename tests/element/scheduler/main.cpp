// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>
#include <gtest/gtest.h>

#include "ekyascheduler/gstekyaschedulerelement.h"

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  GST_ELEMENT_REGISTER(ekyascheduler, nullptr);
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
