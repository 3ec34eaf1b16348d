// SPDX-License-Identifier: LGPL-2.1-or-later
#include <filesystem>

#include "infer_harness.h"
#include "support/hostile_files.h"

namespace ekya::gst::infer {
namespace {

using ::ekya::testing::file_text;
using ::ekya::testing::write_text;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InferStart : public InferTest {
 protected:
  /// The element does not reach PAUSED and says why in one ERROR.
  void expect_refusal(const ::testing::Matcher<const std::string&>& text) {
    EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    EXPECT_THAT(texts(GST_MESSAGE_ERROR), ElementsAre(text));
  }
};

TEST_F(InferStart, NeedsAModel) {
  set("model-file", "");
  expect_refusal(HasSubstr("property model-file is not set"));
}

TEST_F(InferStart, NamesAMissingModelFile) {
  set("model-file", folder_ / "none.safetensors");
  expect_refusal(AllOf(HasSubstr("model-file " + (folder_ / "none.safetensors"))));
}

TEST_F(InferStart, RefusesATruncatedModelFile) {
  const std::string text = file_text(folder_ / "student.safetensors");
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, text.size() / 2, text.size() - 1}) {
    SCOPED_TRACE(length);
    write_text(folder_ / "cut.safetensors", text.substr(0, length));
    set("model-file", folder_ / "cut.safetensors");
    EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element_, GST_STATE_NULL);
  }
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::SizeIs(4));
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::Each(HasSubstr("model-file " + (folder_ / "cut.safetensors"))));
}

TEST_F(InferStart, RefusesAChangedByte) {
  std::string text = file_text(folder_ / "student.safetensors");
  text.back() ^= 1;
  write_text(folder_ / "student.safetensors", text);
  expect_refusal(AllOf(HasSubstr("model-file"), HasSubstr("student.safetensors")));
}

// Opened or read without care, each of these would block for ever, never end or fill the memory.
TEST_F(InferStart, RefusesAModelFileThatIsNoFile) {
  for (const std::string& path : ::ekya::testing::hostile_files(folder_.path(), ".safetensors")) {
    SCOPED_TRACE(path);
    set("model-file", path);
    EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    EXPECT_THAT(texts(GST_MESSAGE_ERROR).back(), HasSubstr("model-file " + path));
    gst_element_set_state(element_, GST_STATE_NULL);
  }
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::SizeIs(6));
}

TEST_F(InferStart, FollowsALinkToTheModelFile) {
  std::filesystem::create_symlink("student.safetensors", folder_ / "link.safetensors");
  set("model-file", folder_ / "link.safetensors");
  EXPECT_NE(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
}

TEST_F(InferStart, RefusesAnUnknownKindOfFile) {
  write_text(folder_ / "model.onnx", "x");
  set("model-file", folder_ / "model.onnx");
  expect_refusal(AllOf(HasSubstr("model.onnx"), HasSubstr(".safetensors")));
}

TEST_F(InferStart, RefusesTorchScriptUnlessItIsAllowed) {
  write_text(folder_ / "model.pt", "x");
  set("model-file", folder_ / "model.pt");
  expect_refusal(AllOf(HasSubstr("model.pt"), HasSubstr("allow-torchscript=true")));
}

TEST_F(InferStart, RefusesAModelThatDoesNotRun) {
  script_->always(::ekya::testing::Fault::kError);
  expect_refusal(AllOf(HasSubstr("student.safetensors"), HasSubstr("does not run")));
}

TEST_F(InferStart, SurvivesAModelThatThrows) {
  script_->always(::ekya::testing::Fault::kThrow);
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ElementsAre(HasSubstr("scripted exception")));
}

TEST_F(InferStart, RefusesStreamIdsThatCouldBeAPath) {
  const auto names = ::ekya::testing::hostile_names();
  for (const std::string& id : names) {
    g_object_set(element_, "stream-id", id.c_str(), nullptr);
    EXPECT_EQ(gst_element_set_state(element_, GST_STATE_READY), GST_STATE_CHANGE_FAILURE) << id;
  }
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::SizeIs(names.size()));
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::Each(HasSubstr("stream-id")));
}

TEST_F(InferStart, RefusesADeviceOtherThanTheCpu) {
  set("device", "cuda:0");
  expect_refusal(AllOf(HasSubstr("device is 'cuda:0'"), HasSubstr("device=cpu")));
}

TEST_F(InferStart, RefusesLabelsThatContradictTheModel) {
  write_text(folder_ / "labels.txt", "car\nbus\nvan\n");
  set("labels-file", folder_ / "labels.txt");
  expect_refusal(AllOf(HasSubstr("labels-file"), HasSubstr("labels.txt")));
}

TEST_F(InferStart, RefusesALabelsFileThatCannotBeRead) {
  write_text(folder_ / "none.txt", "# no label\n\n");
  write_text(folder_ / "latin1.txt", "car\nbus\ncami\xf3n\n");
  auto paths = ::ekya::testing::hostile_files(folder_.path(), ".txt");
  for (const char* name : {"none.txt", "latin1.txt", "missing.txt"}) paths.push_back(folder_ / name);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    set("labels-file", path);
    EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element_, GST_STATE_NULL);
  }
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::SizeIs(paths.size()));
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ::testing::Each(::testing::StartsWith("labels-file: ")));
}

TEST_F(InferStart, TakesLabelsThatAgreeWithTheModel) {
  write_text(folder_ / "labels.txt", "# classes\ncar\r\nbus\n\ntruck");
  set("labels-file", folder_ / "labels.txt");
  EXPECT_NE(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
}

TEST_F(InferStart, RefusesToDetectWithAClassifier) {
  set("task", "detect");
  expect_refusal(AllOf(HasSubstr("student.safetensors"), HasSubstr("it is a classifier")));
}

TEST_F(InferStart, RefusesToClassifyWithADetector) {
  learner::ModelInfo info = model_info();
  info.task = learner::ModelTask::kDetection;
  set("model-file", write_model(folder_ / "detector.safetensors", info));
  expect_refusal(AllOf(HasSubstr("detector.safetensors"), HasSubstr("it is a detector")));
}

TEST_F(InferStart, StartsAgainAfterAFailure) {
  set("model-file", folder_ / "none.safetensors");
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  gst_element_set_state(element_, GST_STATE_NULL);
  set("model-file", folder_ / "student.safetensors");
  ASSERT_NO_FATAL_FAILURE(play());
  EXPECT_EQ(results(push({Box{}}).get())[0].label, "car");
}

TEST_F(InferStart, StartsAndStopsManyTimes) {
  for (int round = 0; round < 50; ++round) {
    ASSERT_NE(gst_element_set_state(element_, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE) << round;
    ASSERT_EQ(gst_element_set_state(element_, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS) << round;
  }
  EXPECT_TRUE(texts(GST_MESSAGE_WARNING).empty());
}

TEST_F(InferStart, MakesASchedulerWhereThereIsNone) {
  GstElement* alone = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("ekyainfer", nullptr)));
  g_object_set(alone, "model-file", (folder_ / "student.safetensors").c_str(), nullptr);
  EXPECT_NE(gst_element_set_state(alone, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  gst_element_set_state(alone, GST_STATE_NULL);
  gst_object_unref(alone);
}

}  // namespace
}  // namespace ekya::gst::infer
