// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/check/gstharness.h>
#include <gst/ekya/ekya.h>
#include <gst/video/video.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fake_engine.h"
#include "glue/ptr.h"

namespace ekya::testing {

/// What a golden label said on a pulled frame.
struct SeenLabel {
  std::string label;
  double confidence = 0;
  std::string source;
  bool is_doubtful = false;
  bool operator==(const SeenLabel&) const = default;
};

struct Region {
  guint x, y, width, height;
};

/// An ekyalabel in a harness, on a scheduler of its own that grants it a whole device, with a fake engine and model
/// files in a folder of its own: golden.safetensors with the labels car, truck, cat, and detector.ts with the same.
class LabelBench {
 public:
  /// `line`: properties as in a launch line. `found`: what the detector finds.
  explicit LabelBench(const std::string& line = "", std::vector<learner::Detection> found = {}, double share = 1);
  ~LabelBench();
  LabelBench(const LabelBench&) = delete;
  LabelBench& operator=(const LabelBench&) = delete;

  /// Makes the harness; the element plays.
  void play();
  GstStateChangeReturn set_state(GstState state) { return gst_element_set_state(element_, state); }

  void set_caps(const char* format, int width, int height);
  /// A frame of one colour that the fake classifier reads as `label` with `confidence`.
  GstBuffer* frame(double seconds, int label, double confidence = 0.9);
  GstBuffer* frame(double seconds, int label, double confidence, const std::vector<Region>& regions,
                   const char* type = "object");
  GstFlowReturn push(GstBuffer* buffer) { return gst_harness_push(harness_, buffer); }
  bool push_event(GstEvent* event) { return gst_harness_push_event(harness_, event); }

  /// The next frame; null after `wait`.
  gst::MiniPtr<GstBuffer> pull(double wait = 5);
  static std::vector<SeenLabel> labels(GstBuffer* buffer);
  static GstVideoRegionOfInterestMeta* region(GstBuffer* buffer, guint index = 0);

  template <typename T>
  void set(const char* name, T value) {
    g_object_set(element_, name, value, nullptr);
  }
  guint64 stat(const char* name);
  /// Waits until the counter has that value; false after 5 s.
  bool wait_for(const char* name, guint64 value);
  /// Texts of the warnings (or errors) posted since the last call.
  std::vector<std::string> texts(GstMessageType type);
  gst::StructurePtr next_element_message(const char* name);

  GstElement* element() { return element_; }
  GstHarness* harness() { return harness_; }
  GstEkyaScheduler* scheduler() { return scheduler_; }
  Script& script() { return *script_; }
  FakeEngine& engine() { return engine_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static constexpr int kWidth = 32, kHeight = 32;

 private:
  void write_models();

  const std::string folder_;
  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
  FakeEngine engine_;
  GstEkyaScheduler* scheduler_;
  GstElement* element_ = nullptr;
  GstBus* bus_;
  GstHarness* harness_ = nullptr;
  int width_ = kWidth, height_ = kHeight;
};

/// Writes a file of text or bytes.
void write_file(const std::string& path, const std::string& bytes);

}  // namespace ekya::testing
