// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gmock/gmock.h>
#include <gst/check/gstharness.h>
#include <gst/ekya/ekya.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glue/ptr.h"
#include "support/fake_engine.h"
#include "support/fault_temp_folder.h"

namespace ekya::gst::infer {

inline const std::vector<std::string> kLabels{"car", "bus", "truck"};

/// A region to draw and to attach: class i of kLabels is what the fake model will see in it.
struct Box {
  gint id = 0;
  guint x = 0, y = 0, w = 16, h = 16;
  int label = 0;
  const char* type = "vehicle";
};

/// A frame as its owner pushed it: black, each box filled with its class and confidence 0.9.
GstBuffer* make_frame(int width, int height, const std::vector<Box>& boxes, GstClockTime pts = 0);

/// Writes a model of the fake engine.
std::string write_model(const std::string& path, learner::ModelInfo info);
learner::ModelInfo model_info(std::uint64_t generation = 0);

/// What is on a region of an output buffer.
struct Result {
  std::string roi_type, label, model_name;
  gint id = 0;
  int label_id = -1;
  double confidence = -1;
  std::uint64_t generation = 0;
  bool carried = false;
  guint age = 0;
  device::Rect rect;
};
/// The parameters of that name on the buffer's regions, in order; a region without one has label "".
std::vector<Result> results(GstBuffer* buffer, const char* param = "classification");

/// ekyainfer between two harness pads, with a bus, a scheduler of its own, a folder of files and a fake engine.
class InferTest : public ::testing::Test {
 protected:
  InferTest();
  ~InferTest() override;

  /// Sets properties as gst-launch does, before or while it runs.
  void set(const char* property, const std::string& value);
  /// To PLAYING in a harness with these caps; the test fails where it does not start.
  void play(const std::string& caps = "video/x-raw,format=RGB,width=64,height=48,framerate=30/1");
  void set_caps(const std::string& caps);
  /// Pushes a frame and takes out what comes; null where nothing does.
  MiniPtr<GstBuffer> push(GstBuffer* frame);
  MiniPtr<GstBuffer> push(const std::vector<Box>& boxes);
  /// Pushes frames until `done`, at most ten seconds.
  ::testing::AssertionResult push_until(const std::vector<Box>& boxes, const std::function<bool()>& done);

  std::uint64_t stat(const char* name);
  double number_stat(const char* name);
  /// Texts of the messages of that type so far.
  std::vector<std::string> texts(GstMessageType type);
  /// Element messages of that name so far.
  std::vector<StructurePtr> messages(const char* name);
  bool publish(const std::string& path, std::uint64_t generation, const char* stream = "camera0");
  std::string model_of(std::uint64_t generation);

  ::ekya::testing::TempFolder folder_;
  std::shared_ptr<::ekya::testing::Script> script_ = std::make_shared<::ekya::testing::Script>();
  ::ekya::testing::FakeEngine engine_{script_, {{0.25f, 0.25f, 0.75f, 0.5f, 1, 0.9f}, {0, 0, 0.1f, 0.1f, 0, 0.3f}}};
  GstElement* element_ = nullptr;
  GstBus* bus_ = nullptr;
  GstEkyaScheduler* scheduler_ = nullptr;
  GstHarness* harness_ = nullptr;
  GstClockTime pts_ = 0;

 private:
  void drain_bus();
  std::vector<GstMessage*> seen_;
};

}  // namespace ekya::gst::infer
