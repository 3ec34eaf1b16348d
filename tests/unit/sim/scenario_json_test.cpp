// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/scenario_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "ekya/sim/generate.h"
#include "sim_scenarios.h"

namespace ekya::sim {
namespace {

using Json = nlohmann::json;

std::string without(const std::string& part, std::string text) {
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.erase(at, part.size());
}

std::string with(const std::string& part, const std::string& instead, std::string text) {
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), instead);
}

/// Every optional field is set.
Scenario full_scenario() {
  Scenario scenario = two_windows();
  scenario.cloud = scheduler::Cloud{10, 20, 3};
  scenario.streams[0].min_accuracy = 0.3;
  scenario.devices[0].memory_mb = 1000;
  scenario.devices[0].throughput = {{0.5, 0.8}, {1, 1}};
  return scenario;
}

TEST(ScenarioJson, ReadsBackWhatItWrote) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    GenerateOptions options;
    options.seed = seed;
    options.windows = 3;
    options.error = 0.2;
    const std::string text = to_json(generate(options));
    const auto scenario = scenario_from_json(text);
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_EQ(to_json(*scenario), text);
  }
}

TEST(ScenarioJson, NamesThePlaceThatIsWrong) {
  const std::string good = to_json(two_windows());
  const std::pair<std::string, const char*> rows[] = {
      {without("\"id\": \"cam0\",", good), "streams[0].id: is missing"},
      {with("\"drop\": 0.0", "\"drop\": \"much\"", good), "streams[0].scenes[0].drop: is not a number"},
      {with("\"drop\": 0.2", "\"drop\": 2", good), "streams[0].scenes[1].drop: 2 is not in [-1, 1]"},
      {with("\"drop\": 0.0", "\"dorp\": 0.0", good), "streams[0].scenes[0].dorp: is not a known field"},
      {with("\"id\": \"g\"", "\"id\": \"\"", good),
       "streams[0].scenes[0].retraining[0].id: has 0 characters; use 1 to 128"},
      {with("\"work_s\": 20.0", "\"work_s\": -1", good),
       "streams[0].scenes[0].retraining[0].work_s: -1 is not > 0 and finite"},
      {with("\"windows\": 2", "\"windows\": 2.5", good), "windows: is not a whole number"},
      {with("\"windows\": 2", "\"windows\": 99999999999", good), "windows: is not a whole number"},
      {with("\"kappa\": 0.0", "\"kappa\": 0.0, \"kappa\": 1", good), "kappa: the key is there twice in one object"},
      {"[]", "the text: is not an object"},
  };
  for (const auto& [text, message] : rows) {
    const auto scenario = scenario_from_json(text);
    ASSERT_FALSE(scenario) << message;
    EXPECT_EQ(scenario.error().message, message);
  }
}

TEST(ScenarioJson, BelievesTheTruthWhereNothingElseIsSaid) {
  const auto scenario = scenario_from_json(R"({"window_s": 100, "windows": 1, "quantum": 0.1, "min_accuracy": 0,
      "devices": [{"id": "cpu", "capacity": 1}], "streams": [{"id": "cam0", "accuracy": 0.5,
      "scenes": [{"begin_s": 0, "retraining": [{"id": "g", "work_s": 20, "accuracy": 0.9}]}]}]})");
  ASSERT_TRUE(scenario) << scenario.error().message;
  const TrueConfig& config = scenario->streams[0].scenes[0].retraining[0];
  EXPECT_EQ(config.believed.work_s, 20);
  EXPECT_EQ(config.believed.accuracy, 0.9);
  EXPECT_EQ(config.believed.max_share, 1);
}

TEST(ScenarioJson, TheSchemaListsTheFieldsThatAreWritten) {
  std::ifstream file(EKYA_DOCS_DIR "/scenario.schema.json");
  const Json schema = Json::parse(file);
  const Json written = Json::parse(to_json(full_scenario()));
  const auto expect_same = [&](const Json& object, const Json& described) {
    for (const auto& [key, value] : object.items()) EXPECT_TRUE(described["properties"].contains(key)) << key;
    for (const auto& [key, value] : described["properties"].items()) EXPECT_TRUE(object.contains(key)) << key;
  };
  expect_same(written, schema);
  const Json& stream = written["streams"][0];
  expect_same(stream, schema["$defs"]["stream"]);
  expect_same(stream["inference"][0], schema["$defs"]["inference"]);
  expect_same(stream["scenes"][0], schema["$defs"]["scene"]);
  expect_same(stream["scenes"][0]["retraining"][0], schema["$defs"]["config"]);
  expect_same(written["devices"][0], schema["$defs"]["device"]);
  expect_same(written["cloud"], schema["$defs"]["cloud"]);
}

TEST(ScenarioJson, SurvivesEveryTruncationAndManyMutations) {
  const std::string good = to_json(full_scenario());
  for (std::size_t size = 0; size + 2 < good.size(); ++size)
    EXPECT_FALSE(scenario_from_json(std::string_view(good).substr(0, size))) << size;
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (int k = 0; k < 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    const auto scenario = scenario_from_json(text);
    EXPECT_TRUE(!scenario || validate(*scenario));
  }
}

}  // namespace
}  // namespace ekya::sim
