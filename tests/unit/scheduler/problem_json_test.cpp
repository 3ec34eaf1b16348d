// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem_json.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "ekya/scheduler/policy.h"
#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

const char* const kProblem = R"({"window_s": 200, "quantum": 0.1, "min_accuracy": 0.4,
  "devices": [{"id": "cpu", "capacity": 1.0}, {"id": "gpu", "capacity": 1.0, "memory_mb": 8000, "throughput": [[0.1, 0.36], [1, 1]]}],
  "kappa": 0.5, "cloud": {"uplink_mbps": 5.1, "downlink_mbps": 17.5, "delay_s": 2},
  "streams": [{"id": "cam0", "accuracy": 0.65, "labelling_demand": 0.05, "min_accuracy": 0.3, "weight": 2, "device": "gpu",
    "inference": [{"id": "full", "demand": 0.25, "factor": 1.0}, {"id": "half", "demand": 0.125, "factor": 0.84}],
    "retraining": [{"id": "head-e5", "work_s": 12.9, "accuracy": 0.74, "max_share": 0.5, "memory_mb": 700, "work_sd_s": 1.5,
      "accuracy_sd": 0.02}], "running": "head-e5", "retraining_device": "cpu", "cached_accuracy": 0.7, "upload_mbit": 160,
      "model_mbit": 398}]})";

TEST(ProblemJson, ReadsEveryField) {
  const auto problem = problem_from_json(kProblem);
  ASSERT_TRUE(problem) << problem.error().message;
  EXPECT_EQ(problem->window_s, 200);
  EXPECT_EQ(problem->quantum, 0.1);
  EXPECT_EQ(problem->min_accuracy, 0.4);
  EXPECT_EQ(problem->devices[0].id, "cpu");
  EXPECT_EQ(problem->devices[0].capacity, 1);
  const Stream& stream = problem->streams.at(0);
  EXPECT_EQ(stream.id, "cam0");
  EXPECT_EQ(stream.labelling_demand, 0.05);
  EXPECT_EQ(stream.min_accuracy, 0.3);
  EXPECT_EQ(stream.inference.at(1).factor, 0.84);
  EXPECT_EQ(stream.retraining.at(0).max_share, 0.5);
  EXPECT_EQ(stream.running, "head-e5");
  EXPECT_EQ(stream.weight, 2);
  EXPECT_EQ(stream.device, "gpu");
  EXPECT_EQ(stream.retraining_device, "cpu");
  EXPECT_EQ(stream.cached_accuracy, 0.7);
  EXPECT_EQ(stream.upload_mbit, 160);
  EXPECT_EQ(stream.model_mbit, 398);
  EXPECT_EQ(stream.retraining.at(0).memory_mb, 700);
  EXPECT_EQ(stream.retraining.at(0).work_sd_s, 1.5);
  EXPECT_EQ(stream.retraining.at(0).accuracy_sd, 0.02);
  EXPECT_EQ(problem->kappa, 0.5);
  EXPECT_EQ(problem->devices.at(1).memory_mb, 8000);
  EXPECT_EQ(problem->devices.at(1).throughput.at(0).speed, 0.36);
  EXPECT_EQ(problem->cloud->uplink_mbps, 5.1);
  EXPECT_EQ(problem->cloud->delay_s, 2);
}

TEST(ProblemJson, WhatIsWrittenReadsBackTheSame) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Problem problem = random_problem(seed, 4);
    problem.streams[1].min_accuracy = 1.0 / 3;
    const std::string text = to_json(problem);
    const auto again = problem_from_json(text);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), text);
    Plan plan = (*make_policy("thief"))->plan(problem);
    plan.streams[2].delivery = Delivery{100.0 / 3, 0.75};
    const auto plan_again = plan_from_json(to_json(plan));
    ASSERT_TRUE(plan_again) << plan_again.error().message;
    EXPECT_EQ(to_json(*plan_again), to_json(plan));
    EXPECT_TRUE(validate(*again, *plan_again));
    EXPECT_EQ(plan_again->streams[2].delivery->at_s, 100.0 / 3);
  }
}

TEST(ProblemJson, EveryRefusalNamesThePlace) {
  struct Bad {
    const char* from;
    const char* to;
    const char* message;
  };
  const Bad bad[] = {
      {"\"quantum\": 0.1", "\"quanta\": 0.1", "quantum: is missing"},
      {"\"quantum\": 0.1", "\"quantum\": 0.1, \"quanta\": 1", "quanta: is not a known field"},
      {"\"quantum\": 0.1", "\"quantum\": 0.1, \"quantum\": 0.2", "quantum: the key is there twice"},
      {"\"quantum\": 0.1", "\"quantum\": \"0.1\"", "quantum: is not a number"},
      {"\"quantum\": 0.1", "\"quantum\": NaN", "not JSON"},
      {"\"quantum\": 0.1", "\"quantum\": 1e999", "not JSON"},
      {"\"capacity\": 1.0", "\"capacity\": 1.0, \"memory_gb\": 1", "devices[0].memory_gb: is not a known field"},
      {"\"id\": \"cpu\"", "\"id\": \"gpu\"", "devices[1].id: 'gpu' is there twice"},
      {"\"capacity\": 1.0}", "\"capacity\": 1.0, \"throughput\": [[1]]}", "devices[0].throughput[0]: is not a pair"},
      {"\"capacity\": 1.0}", "\"capacity\": 1.0, \"throughput\": [[1, 0]]}", "devices[0].throughput: no point"},
      {"\"devices\": [", "\"machines\": [", "devices: is missing"},
      {"\"throughput\": [", "\"throughput\": 7, \"x\": [", "devices[1].throughput: is not an array"},
      {"\"cloud\": {", "\"cloud\": {\"price\": 1, ", "cloud.price: is not a known field"},
      {"{\"id\": \"full\",", "{\"id\": 7,", "streams[0].inference[0].id: is not a string"},
      {"\"factor\": 0.84", "\"factor\": 1.84", "streams[0].inference[1].factor: 1.84 is not in [0, 1]"},
      {"\"work_s\": 12.9", "\"work_s\": -1", "streams[0].retraining[0].work_s: -1 is not > 0"},
      {"\"work_s\": 12.9", "\"work_s\": 1, \"work_s\": 2", "work_s: the key is there twice"},
      {"\"work_s\": 12.9", "\"work_s\": [[[1]]]", "nested deeper than 5 levels"},
      {"\"running\": \"head-e5\"", "\"running\": \"x\"", "streams[0].running: 'x' is not the id"},
      {"\"id\": \"cam0\"", "\"id\": \"a/b\"", "streams[0].id has the character '/'"},
  };
  for (const Bad& row : bad) {
    std::string text = kProblem;
    const auto at = text.find(row.from);
    ASSERT_NE(at, std::string::npos) << row.from;
    text.replace(at, std::string(row.from).size(), row.to);
    SCOPED_TRACE(row.to);
    const auto problem = problem_from_json(text);
    ASSERT_FALSE(problem);
    EXPECT_EQ(problem.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(problem.error().message, HasSubstr(row.message));
  }
}

TEST(ProblemJson, RefusesDeepNestingAndHugeTexts) {
  EXPECT_FALSE(problem_from_json(std::string(1'000'000, '[')));
  EXPECT_FALSE(problem_from_json(std::string(200'000, '[') + std::string(200'000, ']')));
  const auto huge = problem_from_json(std::string(kLargestJson + 1, ' '));
  ASSERT_FALSE(huge);
  EXPECT_THAT(huge.error().message, HasSubstr("bytes, more than"));
}

TEST(ProblemJson, SurvivesEveryTruncationAndManyMutations) {
  const std::string good = kProblem;
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(problem_from_json(good.substr(0, n)));
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (int k = 0; k < 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    if (const auto problem = problem_from_json(text)) {
      EXPECT_TRUE(validate(*problem));
    }
  }
}

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

TEST(ProblemJson, TheSchemaListsTheFieldsThatAreWritten) {
  std::ifstream file(EKYA_DOCS_DIR "/problem.schema.json");
  const Json schema = Json::parse(file);
  const Json& defs = schema["$defs"];
  const Json problem = Json::parse(to_json(*problem_from_json(kProblem)));
  EXPECT_EQ(keys(schema["properties"]), keys(problem));
  EXPECT_EQ(keys(defs["device"]["properties"]), keys(problem["devices"][1]));
  EXPECT_EQ(keys(defs["stream"]["properties"]), keys(problem["streams"][0]));
  EXPECT_EQ(keys(defs["inference"]["properties"]), keys(problem["streams"][0]["inference"][0]));
  EXPECT_EQ(keys(defs["retraining"]["properties"]), keys(problem["streams"][0]["retraining"][0]));
  Plan plan = (*make_policy("thief"))->plan(*problem_from_json(kProblem));
  plan.streams[0].delivery = Delivery{};
  const Json written = Json::parse(to_json(plan));
  EXPECT_EQ(keys(defs["plan"]["properties"]), keys(written));
  EXPECT_EQ(keys(defs["stream_plan"]["properties"]), keys(written["streams"][0]));
  EXPECT_EQ(keys(defs["phase"]["properties"]), keys(written["streams"][0]["phases"][0]));
  EXPECT_EQ(keys(defs["delivery"]["properties"]), keys(written["streams"][0]["delivery"]));
  EXPECT_EQ(keys(defs["cloud"]["properties"]), keys(problem["cloud"]));
}

}  // namespace
}  // namespace ekya::scheduler
