// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace ekya {
namespace {

int niceness() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid))); }

TEST(BackgroundThread, YieldsByTenStepsAndHasItsName) {
  const int before = niceness();
  int inside = 0;
  std::string name(16, '\0');
  std::thread([&] {
    enter_background_thread("ekya-label");
    inside = niceness();
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  }).join();
  EXPECT_EQ(inside, std::min(before < 10 ? 10 : before, 19));
  EXPECT_STREQ(name.c_str(), "ekya-label");
  EXPECT_EQ(niceness(), before) << "the calling thread keeps its own";
}

}  // namespace
}  // namespace ekya
