// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "ekya/sim/generate.h"

namespace ekya::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

/// What a live scheduler would have written in one window of 100 s from second 1000 on: a job of config g at a quarter
/// of the device from 1010 to 1050; a drop from 0.5 to 0.4 is seen at 1030, while it runs; its model has 0.8.
const char* const kTrace = R"({"type":"window","at":1000,"state":"opened","window":7,"begin":1000,"end":1100}
{"type":"request","at":1000,"stream":"cam0","kind":"inference","client":"i","reason":"join","configs":[{"id":"full","demand":0.5,"factor":1.0}]}
{"type":"grant","at":1000,"stream":"cam0","kind":"inference","client":"i","share":0.5,"device":"cpu","config":"full","until":1100,"plan":0}
{"type":"request","at":1005,"stream":"cam0","kind":"retraining","client":"r","reason":"update","accuracy":0.5,"configs":[{"id":"g","work_s":12,"accuracy":0.9,"max_share":1},{"id":"h","work_s":40,"accuracy":0.95,"max_share":1}]}
{"type":"plan","at":1010,"number":3,"window":7,"reason":"update","decision_ms":0.2,"plan":{"policy":"thief","mean_accuracy":0.6,"streams":[]},"problem":{"window_s":90,"quantum":0.25,"min_accuracy":0.3,"devices":[{"id":"cpu","capacity":1}],"streams":[{"id":"cam0","accuracy":0.5,"weight":2,"inference":[{"id":"full","demand":0.5,"factor":1}]}]}}
{"type":"grant","at":1010,"stream":"cam0","kind":"retraining","client":"r","share":0.25,"device":"cpu","config":"g","until":1100,"plan":3}
{"type":"request","at":1010,"stream":"cam0","kind":"retraining","client":"r","reason":"update","accuracy":0.5,"running":"g","configs":[{"id":"g","work_s":12,"accuracy":0.9}]}

{"type":"request","at":1030,"stream":"cam0","kind":"retraining","client":"r","reason":"drift","accuracy":0.4,"running":"g","configs":[{"id":"g","work_s":7,"accuracy":0.9}]}
{"type":"request","at":1050,"stream":"cam0","kind":"retraining","client":"r","reason":"job-done","accuracy":0.8,"configs":[]}
{"type":"leave","at":1090,"stream":"cam0","kind":"inference","client":"i"}
{"type":"window","at":1100,"state":"closed","window":7,"begin":1000,"end":1100,"streams":[{"id":"cam0","expected_accuracy":0.7,"measured_accuracy":0.61}]}
)";

Recording recording_of_text(const std::string& text) {
  const auto trace = trace_from_json_lines(text);
  EXPECT_TRUE(trace) << trace.error().message;
  auto recording = recording_of(*trace);
  EXPECT_TRUE(recording) << recording.error().message;
  return *recording;
}

TEST(Replay, TakesDevicesAndStreamsFromTheProblemsAndWindowsFromTheirClosing) {
  const Recording recording = recording_of_text(kTrace);
  EXPECT_EQ(recording.policy, "thief");
  const Scenario& scenario = recording.scenario;
  EXPECT_EQ(scenario.window_s, 100);
  EXPECT_EQ(scenario.windows, 1);
  EXPECT_EQ(scenario.quantum, 0.25);
  EXPECT_EQ(scenario.min_accuracy, 0.3);
  ASSERT_THAT(scenario.streams, SizeIs(1));
  EXPECT_EQ(scenario.streams[0].weight, 2);
  EXPECT_EQ(scenario.streams[0].inference[0].id, "full");
  EXPECT_EQ(recording.measured[0][0], 0.61);
}

TEST(Replay, TakesAJobsWorkFromItsGrantsAndItsAccuracyFromItsEnd) {
  const ScenarioStream stream = recording_of_text(kTrace).scenario.streams[0];
  EXPECT_EQ(stream.accuracy, 0.5);
  ASSERT_THAT(stream.scenes, SizeIs(3));
  EXPECT_EQ(stream.scenes[0].begin_s, 0);
  EXPECT_THAT(stream.scenes[0].retraining, SizeIs(0));
  const Scene& offer = stream.scenes[1];
  EXPECT_EQ(offer.begin_s, 5);
  ASSERT_THAT(offer.retraining, SizeIs(2));
  EXPECT_EQ(offer.retraining[0].believed.work_s, 12);
  EXPECT_NEAR(offer.retraining[0].work_s, 40 * 0.25, 1e-12);
  EXPECT_EQ(offer.retraining[0].believed.accuracy, 0.9);
  EXPECT_NEAR(offer.retraining[0].accuracy, 0.9, 1e-12) << "0.8 at its end, and the drop of 0.1 takes its part before";
  EXPECT_EQ(offer.retraining[1].work_s, 40) << "nobody ran it: as believed";
  EXPECT_EQ(stream.scenes[2].begin_s, 30);
  EXPECT_NEAR(stream.scenes[2].drop, 0.1, 1e-12);
}

// uniform runs the most accurate config with half of the device from 5 s on: 40 device-seconds end at 85 s. The live
// model has 0.5, from 30 s on 0.4, and the new one 0.95 less the drop.
TEST(Replay, TellsWhatAnotherPolicyWouldHaveDone) {
  const Recording recording = recording_of_text(kTrace);
  const auto simulated = simulate(recording.scenario, "uniform");
  ASSERT_TRUE(simulated) << simulated.error().message;
  EXPECT_NEAR(simulated->windows[0][0].accuracy, 0.3 * 0.5 + 0.55 * 0.4 + 0.15 * 0.85, 1e-9);
}

TEST(Replay, OfASimulationUnderTheSamePolicyAgrees) {
  for (const char* policy : {"phased", "thief", "no-retraining"})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      GenerateOptions options;
      options.seed = seed;
      options.windows = 4;
      options.streams = 3;
      options.label_delay_s = 5;
      options.swap_delay_s = 1;
      options.error = 0.2;
      std::string text;
      const auto original = simulate(generate(options), policy, [&](const std::string& line) { text += line + "\n"; });
      ASSERT_TRUE(original) << original.error().message;
      const Recording recording = recording_of_text(text);
      EXPECT_EQ(recording.policy, policy);
      const auto again = simulate(recording.scenario, policy);
      ASSERT_TRUE(again) << again.error().message;
      const Agreement result = agreement(recording, *again);
      EXPECT_EQ(result.windows, 4);
      EXPECT_EQ(result.results, 12);
      EXPECT_LT(result.mean_of_streams, 0.01) << policy << ", seed " << seed;
    }
}

TEST(Replay, LeavesOutWhatNobodyMeasured) {
  Recording recording = recording_of_text(kTrace);
  recording.measured[0][0] = NAN;
  const auto simulated = simulate(recording.scenario, "uniform");
  const Agreement result = agreement(recording, *simulated);
  EXPECT_EQ(result.windows, 0);
  EXPECT_EQ(result.results, 0);
  EXPECT_EQ(result.mean_of_streams, 0);
}

TEST(Replay, RefusesATraceThatTellsTooLittle) {
  const std::string all = kTrace;
  const std::string lines = all.substr(0, all.rfind("{\"type\":\"window\""));
  const std::string other = R"({"type":"window","at":1300,"state":"closed","window":9,"begin":1200,"end":1300})";
  const std::pair<std::string, const char*> rows[] = {
      {"", "no window closes in the trace"},
      {lines, "no window closes in the trace"},
      {all.substr(all.rfind("{\"type\":\"window\"")), "no plan of the trace carries its problem"},
      {all + other, "window 9 is not as long as the first, or there is a gap before it"},
  };
  for (const auto& [text, message] : rows) {
    const auto trace = trace_from_json_lines(text);
    ASSERT_TRUE(trace) << trace.error().message;
    const auto recording = recording_of(*trace);
    ASSERT_FALSE(recording) << message;
    EXPECT_THAT(recording.error().message, HasSubstr(message));
  }
}

TEST(Trace, NamesTheLineThatIsWrong) {
  const std::string good = R"({"type":"leave","at":1,"stream":"cam0","kind":"inference","client":"i"})";
  const std::pair<const char*, const char*> rows[] = {
      {"{", "line 2: not JSON"},
      {"[]", "line 2: the text: is not an object"},
      {R"({"type":"leave","at":1})", "line 2: stream: is missing"},
      {R"({"type":"song","at":1})", "line 2: type: 'song' is none of request, leave, grant, plan, window"},
      {R"({"type":"leave","at":"now","stream":"a","kind":"inference","client":"i"})", "line 2: at: is not a number"},
      {R"({"type":"leave","at":1,"stream":"a","kind":"inference","client":"i","x":1})",
       "line 2: x: is not a known field"},
      {R"({"type":"grant","at":1,"stream":"a","kind":"inference","client":"i","share":-1,"device":"","config":"","until":1,"plan":1})",
       "line 2: share: is not >= 0"},
      {R"({"type":"window","at":1,"state":"ajar","window":1,"begin":0,"end":1})",
       "line 2: state: 'ajar' is neither opened nor closed"},
      {R"({"type":"plan","at":1,"number":1,"window":1,"reason":"","decision_ms":0,"problem":{}})",
       "line 2: problem: window_s: is missing"},
      {R"({"type":"request","at":1,"stream":"a","kind":"retraining","client":"r","reason":"","configs":[{"id":"g","work_s":0,"accuracy":1}]})",
       "line 2: configs[0].work_s: 0 is not > 0 and finite"},
  };
  for (const auto& [line, message] : rows) {
    const auto trace = trace_from_json_lines(good + "\n" + line);
    ASSERT_FALSE(trace) << line;
    EXPECT_EQ(trace.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(trace.error().message, HasSubstr(message));
  }
}

TEST(Trace, SurvivesTruncationsAndMutations) {
  const std::string good = kTrace;
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (int k = 0; k < 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    if (i % 2) text.resize(random() % text.size());
    const auto trace = trace_from_json_lines(text);
    if (!trace) continue;
    const auto recording = recording_of(*trace);
    EXPECT_TRUE(!recording || validate(recording->scenario));
  }
}

}  // namespace
}  // namespace ekya::sim
