// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekyainfer/demand.h"
#include "ekyainfer/results.h"
#include "glue/model_file.h"
#include "glue/modelinfo_file.h"
#include "glue/notice.h"
#include "support/fault_temp_folder.h"

namespace ekya::gst {
namespace {

using ::ekya::testing::TempFolder;
using ::ekya::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 10 ms a frame at 30 a second on 2 threads: 0.15 devices, a third of it for one frame in three.
TEST(InferDemand, IsTimeTimesRateOverSlots) {
  infer::Demand demand(2, Seconds{0.01});
  demand.set_frame_rate(30);
  const auto configs = demand.configs(1);
  ASSERT_EQ(configs.size(), 7u);
  EXPECT_NEAR(configs[0].demand, 0.15, 1e-9);
  EXPECT_EQ(configs[2].interval, 3u);
  EXPECT_NEAR(configs[2].demand, 0.05, 1e-9);
  EXPECT_EQ(configs[0].factor, 1);
}

// Labels that are wrong in 1 of 10 frames of age: results of interval 5 are 2 frames old on average, so 0.8.
TEST(InferDemand, FactorFallsWithTheAgeOfResults) {
  infer::Demand demand(1, Seconds{0.01});
  demand.add_comparison(0.3, 3);
  EXPECT_NEAR(demand.configs(5)[0].factor, 0.8, 1e-9);
  EXPECT_NEAR(demand.configs(1000)[0].factor, 0.05, 1e-9);
}

TEST(InferDemand, MeasuresTheRateWhereCapsGiveNone) {
  infer::Demand demand(1, Seconds{0.01});
  demand.set_frame_rate(0);
  EXPECT_EQ(demand.frame_rate(), 30);
  for (int i = 0; i < 100; ++i) demand.add_frame(i * GST_SECOND / 12);
  EXPECT_NEAR(demand.frame_rate(), 12, 0.01);
  demand.add_frame(GST_CLOCK_TIME_NONE);
  demand.add_frame(0);                  // backwards
  demand.add_frame(1000 * GST_SECOND);  // a pause
  EXPECT_NEAR(demand.frame_rate(), 12, 0.01);
}

TEST(InferDemand, IsAskedForAgainOnlyWhereItMovedAndNotOften) {
  infer::Demand demand(1, Seconds{0.01});
  demand.add_inference(Seconds{0.01});
  demand.asked(Seconds{100});
  EXPECT_FALSE(demand.worth_asking(Seconds{106}, true));
  EXPECT_TRUE(demand.worth_asking(Seconds{106}, false));
  for (int i = 0; i < 50; ++i) demand.add_inference(Seconds{0.02});
  EXPECT_FALSE(demand.worth_asking(Seconds{104}, true));
  EXPECT_TRUE(demand.worth_asking(Seconds{106}, true));
}

TEST(InferDemand, ReadsOnlyItsOwnConfigNames) {
  EXPECT_EQ(infer::interval_of(infer::config_id(15)), 15u);
  for (const char* id : {"", "interval-", "interval-0", "interval--1", "interval-3x", "interval-99999999999", "full"})
    EXPECT_FALSE(infer::interval_of(id)) << id;
}

// Two boxes of 20x20, shifted by 5: intersection 300, union 500.
TEST(Regions, IouIsSharedOverTotalArea) {
  EXPECT_DOUBLE_EQ(iou({0, 0, 20, 20}, {5, 0, 20, 20}), 0.6);
  EXPECT_DOUBLE_EQ(iou({0, 0, 20, 20}, {20, 0, 20, 20}), 0);
  EXPECT_DOUBLE_EQ(iou({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
  EXPECT_DOUBLE_EQ(iou({1, 2, G_MAXINT, G_MAXINT}, {1, 2, G_MAXINT, G_MAXINT}), 1);
}

TEST(Disagreement, CountsChangedAndMissingLabels) {
  const auto finding = [](gint id, int x, const char* label) {
    infer::Finding f;
    f.id = id;
    f.rect = {x, 0, 10, 10};
    f.label = label;
    return f;
  };
  EXPECT_DOUBLE_EQ(
      infer::disagreement({finding(1, 0, "a"), finding(2, 50, "b")},
                          {finding(1, 90, "a"), finding(2, 50, "c"), finding(0, 200, "d"), finding(0, 1, "x")}),
      0.75);
  EXPECT_DOUBLE_EQ(infer::disagreement({finding(0, 0, "a")}, {finding(0, 2, "a")}), 0);
  EXPECT_DOUBLE_EQ(infer::disagreement({finding(0, 0, "a")}, {}), 0);
}

TEST(Notices, PostsAKindOnceAMinuteWithItsCount) {
  Notices notices;
  EXPECT_EQ(notices.take("a", "text", Seconds{10}), "text");
  EXPECT_EQ(notices.take("b", "other", Seconds{11}), "other");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(notices.take("a", "text", Seconds{20.0 + i}));
  EXPECT_EQ(notices.take("a", "text", Seconds{71}), "text (6 times since the last such message)");
  EXPECT_FALSE(notices.take("a", "text", Seconds{72}));
}

TEST(LabelsFile, SkipsCommentsAndBlankLines) {
  const TempFolder folder;
  write_text(folder / "l", "# cars\n car \r\n\nlight truck\n#\nb\xc3\xbcs");
  const auto labels = read_labels(folder / "l");
  ASSERT_TRUE(labels) << labels.error().message;
  EXPECT_THAT(*labels, ElementsAre("car", "light truck", "b\xc3\xbcs"));
}

TEST(LabelsFile, NamesTheLineThatIsWrong) {
  const TempFolder folder;
  const struct {
    std::string text, message;
  } rows[] = {
      {"a\nb\na\n", "line 3: 'a' is on line 1 already"},
      {std::string("a\nb\0c\n", 6), "line 2: it is not UTF-8"},
      {"a\n\xff\n", "line 2: it is not UTF-8"},
      {"a\nb\x1b[31m\n", "line 2: it has the control character \\x1b"},
      {"a\nb\rc\n", "line 2: it has the control character \\x0d"},
      {"a\n\xc2\x9b"
       "31m\n",
       "line 2: it has the control character"},
      {"\xef\xbb\xbfmy\n", "line 1: it begins with a byte order mark"},
      {"a\n" + std::string(257, 'x') + "\n", "line 2: the label has 257 bytes"},
      {"# nothing\n\n", "has 0 labels"},
      {std::string(2 << 20, 'x'), folder / "l"},
  };
  for (const auto& row : rows) {
    write_text(folder / "l", row.text);
    const auto labels = read_labels(folder / "l");
    ASSERT_FALSE(labels) << row.message;
    EXPECT_THAT(labels.error().message, HasSubstr(row.message));
    EXPECT_THAT(labels.error().message, HasSubstr(folder / "l"));
  }
  std::string many;
  for (int i = 0; i < 4097; ++i) many += std::to_string(i) + "\n";
  write_text(folder / "l", many);
  EXPECT_THAT(read_labels(folder / "l").error().message, HasSubstr("line 4097: more than 4096 labels"));
}

TEST(ModelinfoFile, ReadsEveryKey) {
  const TempFolder folder;
  write_text(folder / "labels.txt", "car\nbus\n");
  write_text(folder / "m.pt.modelinfo",
             "# comment\n[modelinfo]\nversion=1.0\ngroup-id=x\n[ekya]\ntask = detection\ninput-size=320\n"
             "labels-file=labels.txt\nmean=0.5;0.4;0.3\nstd=0.2;0.2;0.1\nboxes=cxcywh\nboxes-unit=fraction\n"
             "objectness=true\nthreshold=0.25\niou-threshold=0.6\n[tensor]\nid=ignored\n");
  const auto info = read_modelinfo(folder / "m.pt");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_TRUE(info->is_detector && info->boxes_are_centre_size && info->boxes_are_normalised && info->has_objectness);
  EXPECT_EQ(info->input_size, 320);
  EXPECT_THAT(info->labels, ElementsAre("car", "bus"));
  EXPECT_THAT(info->normalisation.mean, ElementsAre(0.5f, 0.4f, 0.3f));
  EXPECT_THAT(info->normalisation.std, ElementsAre(0.2f, 0.2f, 0.1f));
  EXPECT_EQ(info->threshold, 0.25);
  EXPECT_EQ(info->iou_threshold, 0.6);
}

TEST(ModelinfoFile, ReadsWhatIsWritten) {
  const TempFolder folder;
  ModelInfoFile written;
  written.is_detector = written.boxes_are_centre_size = written.boxes_are_normalised = written.has_objectness = true;
  written.input_size = 416;
  written.labels = {"car; red", " bus", "back\\slash"};
  written.normalisation = {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  written.threshold = 0.3;
  const Status done = write_modelinfo(folder / "m.pt", written);
  ASSERT_TRUE(done) << done.error().message;
  const auto info = read_modelinfo(folder / "m.pt");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_TRUE(info->is_detector && info->boxes_are_centre_size && info->boxes_are_normalised && info->has_objectness);
  EXPECT_EQ(info->input_size, 416);
  EXPECT_EQ(info->labels, written.labels);
  EXPECT_EQ(info->normalisation.mean, written.normalisation.mean);
  EXPECT_EQ(info->normalisation.std, written.normalisation.std);
  EXPECT_EQ(info->threshold, 0.3);
  EXPECT_EQ(info->iou_threshold, 0.5);
}

TEST(ModelinfoFile, IsNotWrittenWhereItWouldNotBeRead) {
  const TempFolder folder;
  ModelInfoFile info;
  info.input_size = 64;
  info.labels = {"a", "a"};
  const Status done = write_modelinfo(folder / "m.pt", info);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(done.error().message, HasSubstr("label 2, 'a', is there twice"));
  EXPECT_FALSE(std::filesystem::exists(folder / "m.pt.modelinfo"));
}

TEST(ModelinfoFile, NamesTheKeyOrLineThatIsWrong) {
  const TempFolder folder;
  const std::string head = "[modelinfo]\nversion=1.0\n[ekya]\n", good = head + "task=classification\ninput-size=64\n";
  const struct {
    std::string text, message;
  } rows[] = {
      {"", "version' is missing"},
      {"[modelinfo]\nversion=2.0\n", "version' is '2.0'"},
      {"[modelinfo]\nversion=1.0\n", "group [ekya] is missing"},
      {head, "'task' is missing"},
      {head + "task=classification\n", "'input-size' is missing"},
      {head + "task=x\ninput-size=64\n", "'task' is 'x'; use classification or detection"},
      {head + "task=detection\ninput-size=7\n", "'input-size' is 7; use 8 to 1024"},
      {head + "task=detection\ninput-size=64.5\n", "'input-size' is not a whole number"},
      {head + "task=detection\ninput-size=1e999\n", "'input-size'"},
      {head + "task=detection\ninput-size=nan\n", "'input-size'"},
      {good + "mean=1;2\n", "'mean' has 2 numbers"},
      {good + "mean=1;2;x\n", "'mean'"},
      {good + "std=0;1;1\n", "'std' has a number outside"},
      {good + "treshold=0.4\n", "'treshold' is unknown"},
      {good + "threshold=1.5\n", "'threshold' is 1.5; use 0 to 1"},
      {good + "labels=a;b;a\n", "label 3, 'a', is there twice"},
      {good + "labels=\n", "has 0 labels"},
      {good + "labels=a\nlabels-file=b\n", "keep one of them"},
      {good + "labels-file=../x\n", "below the .modelinfo's folder"},
      {good + "labels-file=/etc/passwd\n", "below the .modelinfo's folder"},
      {good + "labels-file=none.txt\n", "none.txt"},
      {good + "input-size=65\n", "line 6: key 'input-size' is on line 5 already"},
      {good + "input-size =65\n", "line 6: key 'input-size' is on line 5 already"},
      {good + "nonsense\n", "nonsense"},
      {good + "mean=\x01\n", "line 6: it has the control character"},
      {std::string(2 << 20, '#'), ".modelinfo"},
  };
  for (const auto& row : rows) {
    write_text(folder / "m.pt.modelinfo", row.text);
    const auto info = read_modelinfo(folder / "m.pt");
    ASSERT_FALSE(info) << row.message;
    EXPECT_THAT(info.error().message, HasSubstr(row.message));
    EXPECT_THAT(info.error().message, HasSubstr(folder / "m.pt.modelinfo"));
  }
  std::filesystem::remove(folder / "m.pt.modelinfo");
  EXPECT_THAT(read_modelinfo(folder / "m.pt").error().message, HasSubstr("m.pt.modelinfo"));
}

}  // namespace
}  // namespace ekya::gst
