// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorded tables in shared/planning, which are not part of this project.
#include "ekya/sim/recorded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "ekya/scheduler/policy.h"
#include "ekya/scheduler/problem_json.h"
#include "ekya/sim/execute.h"

namespace ekya::sim {
namespace {

using ::testing::HasSubstr;

const char* const kFolder = EKYA_SHARED_DIR "/planning/recorded";
const char* const kExamples = EKYA_SHARED_DIR "/planning/examples.json";

class RecordedTables : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::ifstream(std::string(kFolder) + "/mps-scaling.csv")) GTEST_SKIP() << kFolder << " is not there";
    auto recorded = read_recorded(FileOps::system(), kFolder);
    ASSERT_TRUE(recorded) << recorded.error().message;
    recorded_ = std::move(*recorded);
  }
  Recorded recorded_;
};

TEST_F(RecordedTables, HoldFiftyTwoWindowsOfEighteenConfigs) {
  EXPECT_EQ(recorded_.windows.size(), 52U);
  for (const CityWindow& window : recorded_.windows) EXPECT_EQ(window.configs.size(), 18U) << window.city;
  const CityWindow& first = recorded_.windows.front();
  EXPECT_EQ(first.city, "zurich");
  EXPECT_EQ(first.accuracy, 0.738095);
  EXPECT_EQ(first.configs[0].id, "0_5");
  EXPECT_EQ(first.configs[0].predicted_accuracy, 0.77932);
  EXPECT_EQ(first.configs[0].work_s, 4.750107);
  EXPECT_EQ(recorded_.profiles.at("c3").at(1).factor, 0.91);
  EXPECT_EQ(recorded_.mps.at(4).share, 0.5);
  EXPECT_EQ(recorded_.mps.at(4).speed, 0.8322);
}

// Figure 11a of the paper, as shared/planning states it.
TEST_F(RecordedTables, PredictTheAccuracyWithAMedianErrorOf586Points) {
  std::vector<double> errors;
  for (const CityWindow& window : recorded_.windows)
    for (const RecordedConfig& config : window.configs)
      errors.push_back(std::abs(config.predicted_accuracy - config.accuracy));
  std::nth_element(errors.begin(), errors.begin() + 468, errors.end());
  const double upper = errors[468], lower = *std::max_element(errors.begin(), errors.begin() + 468);
  EXPECT_NEAR((lower + upper) / 2, 0.0586, 5e-5);
}

TEST_F(RecordedTables, GiveTheSameCaseAgain) {
  DrawOptions options;
  options.streams = 60;  // more than there are windows
  const Case a = draw(recorded_, options), b = draw(recorded_, options);
  EXPECT_EQ(scheduler::to_json(a.truth), scheduler::to_json(b.truth));
  options.seed = 2;
  EXPECT_NE(scheduler::to_json(a.truth), scheduler::to_json(draw(recorded_, options).truth));
}

TEST_F(RecordedTables, GiveProblemsThatPassValidate) {
  for (const bool pooled : {false, true})
    for (const bool mps : {false, true}) {
      DrawOptions options;
      options.devices = 3;
      options.pooled = pooled;
      options.mps = mps;
      options.predicted = mps;
      const Case one = draw(recorded_, options);
      for (const auto* problem : {&one.truth, &one.believed}) {
        const Status status = validate(*problem);
        EXPECT_TRUE(status) << status.error().message;
        EXPECT_EQ(problem->devices.size(), pooled ? 1U : 3U);
        EXPECT_EQ(total_capacity(*problem), 3);
        EXPECT_EQ(problem->streams[0].retraining[0].max_share, pooled && !mps ? 3 : 1);
      }
    }
}

TEST_F(RecordedTables, LetThePlannerBelieveThePredictions) {
  DrawOptions options;
  options.predicted = true;
  options.work_scale = 0.1;
  const Case one = draw(recorded_, options);
  const auto& truth = one.truth.streams[0].retraining[0];
  const auto& believed = one.believed.streams[0].retraining[0];
  for (const CityWindow& window : recorded_.windows)
    if (window.accuracy == one.truth.streams[0].accuracy && window.configs[0].accuracy == truth.accuracy) {
      EXPECT_EQ(believed.accuracy, window.configs[0].predicted_accuracy);
      EXPECT_NEAR(believed.work_s, window.configs[0].predicted_work_s / 10, 1e-12);
      return;
    }
  ADD_FAILURE() << "the drawn window is not a recorded one";
}

// The recorded values are score.py's R1 of the printed algorithm; see also scheduler/recorded_test.cpp.
TEST(RecordedCases, ExecutedAsPlannedReachTheReferenceScorersValue) {
  std::ifstream file(kExamples);
  if (!file) GTEST_SKIP() << kExamples << " is not there";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto cases = cases_from_json(text);
  ASSERT_TRUE(cases) << cases.error().message;
  const auto examples = nlohmann::json::parse(text)["cases"];
  ASSERT_EQ(cases->size(), examples.size());
  for (std::size_t i = 0; i < cases->size(); ++i) {
    const auto& example = examples[i];
    SCOPED_TRACE((*cases)[i].id);
    if (example["fair_start_gpus_per_job"].get<double>() < (*cases)[i].truth.quantum) continue;
    const auto plan = (*scheduler::make_policy("thief"))->plan((*cases)[i].truth);
    const auto executed = execute_plan((*cases)[i].truth, plan);
    ASSERT_TRUE(executed) << executed.error().message;
    EXPECT_NEAR(executed->mean_accuracy, example["results"]["alg1_R1"]["score"]["R1"].get<double>(), 1e-6);
  }
}

TEST(RecordedCases, RefuseWhatIsNoFileOfCases) {
  for (const char* text : {"", "[]", "{}", R"({"cases": [{}], "infer_profiles": {}})", R"({"cases": 3})"}) {
    const auto cases = cases_from_json(text);
    ASSERT_FALSE(cases) << text;
    EXPECT_EQ(cases.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(cases.error().message, HasSubstr("not a file of recorded cases"));
  }
}

TEST(ReadRecorded, NamesTheMissingFile) {
  const auto recorded = read_recorded(FileOps::system(), "/nowhere");
  ASSERT_FALSE(recorded);
  EXPECT_THAT(recorded.error().message, HasSubstr("/nowhere/profiles-cityscapes-18cfg.csv"));
}

// Full rate at 0.25 devices; 0.125 devices need every second frame, 0.05 every fifth.
TEST(FactorAt, LiesOnTheLineBetweenTheRecordedRates) {
  const SamplingProfile profile{{1, 1}, {2, 0.8}, {4, 0.5}};
  EXPECT_EQ(factor_at(profile, 0.25, 0.3), 1);
  EXPECT_NEAR(factor_at(profile, 0.25, 0.125), 0.8, 1e-5);
  EXPECT_NEAR(factor_at(profile, 0.25, 0.25 / 3), 0.65, 1e-5);
  EXPECT_EQ(factor_at(profile, 0.25, 0.05), 0);
}

}  // namespace
}  // namespace ekya::sim
