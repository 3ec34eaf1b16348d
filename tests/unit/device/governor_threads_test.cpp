// SPDX-License-Identifier: LGPL-2.1-or-later
// The governor under real threads: waking, and its locking under ThreadSanitizer. How well shares hold is tested on a
// fake clock in governor_test.cpp; here the bounds are wide, because the machine may be busy.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "ekya/device/governor.h"

namespace ekya::device {
namespace {

using std::chrono::milliseconds;

/// Starts a client that waits for a lease on a device that somebody else holds; gives what acquire() returned.
class Waiter {
 public:
  Waiter(Governor& governor, Governor::ClientId client)
      : thread_([this, &governor, client] {
          const Status status = governor.acquire(client, Seconds{30});
          code_ = status ? -1 : static_cast<int>(status.error().code);
        }) {
    std::this_thread::sleep_for(milliseconds(30));
  }
  int join() {
    thread_.join();
    return code_;
  }

 private:
  std::atomic<int> code_{-2};
  std::thread thread_;
};

struct Device : ::testing::Test {
  Device() {
    governor.set_share(holder, 0.5);
    governor.set_share(waiter, 0.5);
    EXPECT_TRUE(governor.acquire(holder, Seconds{0}));
  }
  Governor governor{1};
  Governor::ClientId holder = governor.add(Urgency::kBackground);
  Governor::ClientId waiter = governor.add(Urgency::kBackground);
};

using GovernorWait = Device;

TEST_F(GovernorWait, EndsWithTheLeaseOfTheOther) {
  Waiter thread(governor, waiter);
  governor.release(holder);
  EXPECT_EQ(thread.join(), -1);
}

TEST_F(GovernorWait, EndsWithAnInterrupt) {
  Waiter thread(governor, waiter);
  governor.interrupt(waiter, true);
  EXPECT_EQ(thread.join(), static_cast<int>(ErrorCode::kCancelled));
}

TEST_F(GovernorWait, EndsWithTheRemovalOfTheClient) {
  Waiter thread(governor, waiter);
  governor.remove(waiter);
  EXPECT_EQ(thread.join(), static_cast<int>(ErrorCode::kNotFound));
}

TEST_F(GovernorWait, EndsWithTheRemovalOfTheHolder) {
  Waiter thread(governor, waiter);
  governor.remove(holder);
  EXPECT_EQ(thread.join(), -1);
}

TEST_F(GovernorWait, EndsWhenAShareIsGiven) {
  governor.release(holder);
  governor.remove(holder);
  governor.set_share(waiter, 0);
  Waiter thread(governor, waiter);
  governor.set_share(waiter, 0.1);
  EXPECT_EQ(thread.join(), -1);
}

TEST_F(GovernorWait, EndsAfterItsTime) {
  const Status status = governor.acquire(waiter, Seconds{0.02});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kBusy);
}

TEST(GovernorThreads, ShareTheDeviceAndNeverOverfillIt) {
  Governor governor(2);
  std::atomic<bool> stop{false};
  std::atomic<int> computing{0}, most{0};
  std::vector<std::thread> threads;
  std::vector<Governor::ClientId> clients;
  for (double share : {0.6, 0.25, 0.15}) {
    clients.push_back(governor.add(Urgency::kBackground));
    governor.set_share(clients.back(), share);
    threads.emplace_back([&, client = clients.back()] {
      while (!stop) {
        if (!governor.acquire(client, Seconds{0.2})) continue;
        const Lease lease(governor, client);
        const int now = ++computing;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::sleep_for(milliseconds(3));
        --computing;
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    governor.set_share(clients[2], i % 2 ? 0.15 : 0.1501);
  }
  EXPECT_GT(governor.received_share(clients[0]), governor.received_share(clients[2]));
  EXPECT_GT(governor.received_share(clients[2]), 0.02);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
}

TEST(GovernorThreads, LiveAndBackgroundClientsComeAndGo) {
  Governor governor(2);
  std::atomic<int> leases{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, urgency = t % 2 ? Urgency::kLive : Urgency::kBackground] {
      for (int round = 0; round < 20; ++round) {
        const auto client = governor.add(urgency);
        governor.set_share(client, 0.2);
        for (int i = 0; i < 10; ++i) {
          if (!governor.acquire(client, Seconds{0.001})) continue;
          const Lease lease(governor, client);
          ++leases;
          std::this_thread::yield();
        }
        governor.interrupt(client, true);
        governor.remove(client);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(leases, 100);
}

}  // namespace
}  // namespace ekya::device
