// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/governor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

namespace ekya::device {
namespace {

/// A clock that stands still until the test moves it.
struct FakeClock {
  std::shared_ptr<Seconds> now = std::make_shared<Seconds>(1000);
  std::function<Seconds()> function() const {
    return [now = now] { return *now; };
  }
  void pass(double seconds) { *now += Seconds{seconds}; }
};

ErrorCode code(const Status& status) { return status ? ErrorCode::kInternal : status.error().code; }

TEST(Governor, GivesALeaseOnlyToAClientWithAShare) {
  Governor governor(1);
  const auto client = governor.add(Urgency::kBackground);
  EXPECT_EQ(code(governor.acquire(client, Seconds{0})), ErrorCode::kBusy);
  governor.set_share(client, NAN);
  EXPECT_EQ(code(governor.acquire(client, Seconds{0})), ErrorCode::kBusy);
  governor.set_share(client, 0.5);
  EXPECT_TRUE(governor.acquire(client, Seconds{0}));
}

TEST(Governor, RefusesASecondLeaseOfOneClientAndUnknownClients) {
  Governor governor(2);
  const auto client = governor.add(Urgency::kBackground);
  governor.set_share(client, 1);
  EXPECT_TRUE(governor.acquire(client, Seconds{0}));
  EXPECT_EQ(code(governor.acquire(client, Seconds{0})), ErrorCode::kBusy);
  EXPECT_EQ(code(governor.acquire(client + 1, Seconds{0})), ErrorCode::kNotFound);
  governor.release(client + 1);
  governor.remove(client + 1);
  governor.release(client);
  governor.release(client);
  EXPECT_TRUE(governor.acquire(client, Seconds{0}));
}

TEST(Governor, HasAtLeastOneSlot) { EXPECT_EQ(Governor(-3).slots(), 1); }

TEST(Governor, FreesTheSlotOfAClientThatIsRemovedWhileItComputes) {
  Governor governor(1);
  const auto a = governor.add(Urgency::kBackground), b = governor.add(Urgency::kBackground);
  governor.set_share(a, 0.5);
  governor.set_share(b, 0.5);
  EXPECT_TRUE(governor.acquire(a, Seconds{0}));
  EXPECT_EQ(code(governor.acquire(b, Seconds{0})), ErrorCode::kBusy);
  governor.remove(a);
  EXPECT_TRUE(governor.acquire(b, Seconds{0}));
  governor.release(a);
}

TEST(Governor, AnInterruptedClientGetsNothingUntilTheInterruptEnds) {
  Governor governor(1);
  for (Urgency urgency : {Urgency::kLive, Urgency::kBackground}) {
    const auto client = governor.add(urgency);
    governor.set_share(client, 0.5);
    governor.interrupt(client, true);
    EXPECT_EQ(code(governor.acquire(client, Seconds{1})), ErrorCode::kCancelled);
    governor.interrupt(client, false);
    EXPECT_TRUE(governor.acquire(client, Seconds{0}));
    governor.release(client);
  }
}

TEST(Governor, LiveInferenceDoesNotWaitForABackgroundStep) {
  FakeClock clock;
  Governor governor(1, clock.function());
  const auto live = governor.add(Urgency::kLive), training = governor.add(Urgency::kBackground);
  governor.set_share(live, 0.5);
  governor.set_share(training, 0.5);
  ASSERT_TRUE(governor.acquire(training, Seconds{0}));
  EXPECT_TRUE(governor.acquire(live, Seconds{0}));
  clock.pass(0.02);
  governor.release(training);
  // The live lease holds the only slot now.
  EXPECT_EQ(code(governor.acquire(training, Seconds{0})), ErrorCode::kBusy);
  governor.release(live);
  EXPECT_TRUE(governor.acquire(training, Seconds{0}));
}

TEST(Governor, LiveClientsNeverHoldMoreThanTheSlots) {
  Governor governor(2);
  std::vector<Governor::ClientId> live;
  for (int i = 0; i < 3; ++i) {
    live.push_back(governor.add(Urgency::kLive));
    governor.set_share(live.back(), 0.3);
  }
  EXPECT_TRUE(governor.acquire(live[0], Seconds{0}));
  EXPECT_TRUE(governor.acquire(live[1], Seconds{0}));
  EXPECT_EQ(code(governor.acquire(live[2], Seconds{0})), ErrorCode::kBusy);
}

/// One client of a simulated device: it computes `step` seconds, stays away `away` seconds, and tries again at once
/// when it is refused (a live client drops the frame and comes with the next one).
struct Simulated {
  Urgency urgency;
  double share, step, away;
  double leaves = 1e18;  ///< Stops trying then.
  double joins = 0;
  Governor::ClientId id = 0;
  double until = 0;  ///< Busy or away until then.
  bool computing = false;
  double held = 0;
};

/// Runs the clients for `seconds` in small time steps. A lease of `step` takes that long, whoever else runs.
void simulate(Governor& governor, FakeClock& clock, std::vector<Simulated>& clients, double seconds) {
  constexpr double kTick = 0.0005;
  for (Simulated& c : clients) {
    if (c.id) continue;
    c.id = governor.add(c.urgency);
    governor.set_share(c.id, c.share);
  }
  const double start = clock.now->count();
  for (double t = 0; t < seconds; t += kTick) {
    for (Simulated& c : clients)
      if (c.computing && c.until <= t) {
        governor.release(c.id);
        c.computing = false;
        c.until = t + c.away;
      }
    for (Simulated& c : clients)
      if (!c.computing && c.until <= t && t >= c.joins && t < c.leaves && governor.acquire(c.id, Seconds{0})) {
        c.computing = true;
        c.until = t + c.step;
      } else if (!c.computing && c.until <= t && c.urgency == Urgency::kLive) {
        c.until = t + 0.01;
      }
    *clock.now = Seconds{start + t + kTick};
    for (Simulated& c : clients) c.held += c.computing ? kTick : 0;
  }
  for (Simulated& c : clients) {
    if (c.computing) governor.release(c.id);
    c.computing = false;
    c.until = 0;
  }
}

struct Mix {
  const char* name;
  int slots;
  std::vector<Simulated> clients;
};

constexpr Urgency kLive = Urgency::kLive;
constexpr Urgency kBack = Urgency::kBackground;

// Every client wants more than its share; what each gets must lie within 5 % of it.
TEST(Governor, HoldsSharesWithinFivePercentWhereEverybodyWantsMore) {
  const Mix mixes[] = {
      {"two trainings", 1, {{kBack, 0.8, 0.01, 0.0005}, {kBack, 0.2, 0.01, 0.0005}}},
      {"unequal steps", 1, {{kBack, 0.3, 0.05, 0.001}, {kBack, 0.7, 0.005, 0.0005}}},
      {"four trainings",
       1,
       {{kBack, 0.4, 0.01, 0.0005}, {kBack, 0.3, 0.02, 0.0005}, {kBack, 0.2, 0.01, 0.002}, {kBack, 0.1, 0.015, 0.001}}},
      {"two slots",
       2,
       {{kBack, 0.4, 0.01, 0.0005}, {kBack, 0.3, 0.02, 0.0005}, {kBack, 0.2, 0.01, 0.002}, {kBack, 0.1, 0.015, 0.001}}},
      {"eight trainings on two slots",
       2,
       {{kBack, 0.3, 0.01, 0.0005},
        {kBack, 0.2, 0.02, 0.0005},
        {kBack, 0.1, 0.01, 0.002},
        {kBack, 0.1, 0.015, 0.001},
        {kBack, 0.1, 0.01, 0.0005},
        {kBack, 0.1, 0.02, 0.0005},
        {kBack, 0.05, 0.01, 0.002},
        {kBack, 0.05, 0.015, 0.001}}},
  };
  for (const Mix& mix : mixes) {
    SCOPED_TRACE(mix.name);
    FakeClock clock;
    Governor governor(mix.slots, clock.function());
    std::vector<Simulated> clients = mix.clients;
    simulate(governor, clock, clients, 20);
    double used = 0;  // less than all: with one slot nobody computes while the next client is on its way back
    for (const Simulated& c : clients) used += c.held / 20 / mix.slots;
    EXPECT_GE(used, 0.9);
    for (const Simulated& c : clients) {
      EXPECT_NEAR(c.held / 20 / mix.slots / used, c.share, 0.05 * c.share + 0.002) << "share " << c.share;
      EXPECT_NEAR(governor.received_share(c.id) / used, c.share, 0.1 * c.share + 0.01) << "share " << c.share;
    }
  }
}

TEST(Governor, HoldsALiveClientToItsShareWhileATrainingWantsTheDevice) {
  for (double share : {0.2, 0.5, 0.7}) {
    FakeClock clock;
    Governor governor(1, clock.function());
    std::vector<Simulated> clients{{kLive, share, 0.009, 0.0005}, {kBack, 1 - share, 0.005, 0.0005}};
    simulate(governor, clock, clients, 20);
    // 0.5 s of credit at its share is the most that it may be ahead.
    EXPECT_NEAR(clients[0].held / 20, share, 0.05 * share + 0.5 * share / 20) << share;
    EXPECT_GE(clients[1].held / 20, (1 - share) * 0.9) << share;
  }
}

TEST(Governor, GivesUnusedTimeToWhoeverCanUseIt) {
  FakeClock clock;
  Governor governor(1, clock.function());
  std::vector<Simulated> clients{{kBack, 0.1, 0.01, 0.0005}, {kBack, 0.9, 0.01, 0.09}};
  simulate(governor, clock, clients, 20);
  EXPECT_GE(clients[0].held / 20, 0.80);
  EXPECT_GE(clients[1].held / 20, 0.08);
}

TEST(Governor, LetsALiveClientOverItsShareWhileNobodyElseWantsTheDevice) {
  FakeClock clock;
  Governor governor(1, clock.function());
  std::vector<Simulated> clients{{kLive, 0.1, 0.01, 0.0005}};
  simulate(governor, clock, clients, 20);
  EXPECT_GE(clients[0].held / 20, 0.9);
  // Such use makes no debt: against a training it has its share from the first second on.
  clients[0].held = 0;
  clients.push_back({kBack, 0.9, 0.01, 0.0005});
  simulate(governor, clock, clients, 20);
  EXPECT_NEAR(clients[0].held / 20, 0.1, 0.01);
}

TEST(Governor, ALiveClientWithoutAShareComputesOnlyOnAnIdleDevice) {
  FakeClock clock;
  Governor governor(1, clock.function());
  const auto live = governor.add(kLive), training = governor.add(kBack);
  EXPECT_TRUE(governor.acquire(live, Seconds{0}));
  governor.release(live);
  governor.set_share(training, 0.5);
  ASSERT_TRUE(governor.acquire(training, Seconds{0}));
  EXPECT_EQ(code(governor.acquire(live, Seconds{0})), ErrorCode::kBusy);
}

TEST(Governor, ASleeperCannotCatchUpForTheTimeItSlept) {
  FakeClock clock;
  Governor governor(1, clock.function());
  std::vector<Simulated> clients{{kBack, 0.5, 0.01, 0.0005}, {kBack, 0.5, 0.01, 0.0005, 1e18, 60}};
  simulate(governor, clock, clients, 61);
  const double slept = clients[1].held;
  EXPECT_NEAR(slept, 0.5, 0.1);  // of the last second: half, and at most 0.1 s of credit
}

TEST(Governor, LowSharesAreNotStarved) {
  FakeClock clock;
  Governor governor(1, clock.function());
  std::vector<Simulated> clients{{kBack, 0.99, 0.01, 0.0005}, {kBack, 0.01, 0.01, 0.0005}};
  simulate(governor, clock, clients, 20);
  EXPECT_NEAR(clients[1].held / 20, 0.01, 0.002);
}

TEST(Governor, OpportunisticUseAtALowShareDoesNotStarveItLater) {
  FakeClock clock;
  Governor governor(1, clock.function());
  std::vector<Simulated> clients{{kBack, 0.01, 0.01, 0.0005}};
  simulate(governor, clock, clients, 30);  // alone: it has the whole device
  governor.set_share(clients[0].id, 0.5);
  clients[0].held = 0;
  clients.push_back({kBack, 0.5, 0.01, 0.0005});
  simulate(governor, clock, clients, 20);
  EXPECT_NEAR(clients[0].held / 20, 0.5, 0.03);
}

TEST(Governor, AChangedShareHoldsFromTheNextLeaseOn) {
  FakeClock clock;
  Governor governor(1, clock.function());
  std::vector<Simulated> clients{{kBack, 0.9, 0.01, 0.0005}, {kBack, 0.1, 0.01, 0.0005}};
  simulate(governor, clock, clients, 10);
  governor.set_share(clients[0].id, 0.1);
  governor.set_share(clients[1].id, 0.9);
  for (Simulated& c : clients) c.held = 0;
  simulate(governor, clock, clients, 10);
  EXPECT_NEAR(clients[0].held / 10, 0.1, 0.02);
  EXPECT_NEAR(clients[1].held / 10, 0.9, 0.05);
}

TEST(Governor, ReceivedShareForgetsAfterAFewSeconds) {
  FakeClock clock;
  Governor governor(2, clock.function());
  const auto client = governor.add(kBack);
  governor.set_share(client, 0.5);
  EXPECT_EQ(governor.received_share(client), 0);
  ASSERT_TRUE(governor.acquire(client, Seconds{0}));
  clock.pass(5);
  EXPECT_NEAR(governor.received_share(client), 0.5, 0.01) << "one of two slots, still held";
  governor.release(client);
  clock.pass(2.5);
  EXPECT_NEAR(governor.received_share(client), 0.25, 0.02);
  clock.pass(5.1);
  EXPECT_EQ(governor.received_share(client), 0);
  EXPECT_EQ(governor.received_share(client + 1), 0);
}

}  // namespace
}  // namespace ekya::device
