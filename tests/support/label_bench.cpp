// SPDX-License-Identifier: LGPL-2.1-or-later
#include "label_bench.h"

#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ekya/learner/weights_file.h"

namespace ekya::testing {
namespace {

std::string make_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "ekya-label-XXXXXX").string();
  if (!mkdtemp(path.data())) std::abort();
  return path;
}

GstEkyaScheduler* make_scheduler(double share) {
  GstEkyaScheduler* scheduler = gst_ekya_scheduler_new();
  gst_ekya_scheduler_pin_share(scheduler, "camera0", GST_EKYA_CLIENT_LABELLING, share, nullptr);
  return scheduler;
}

void give_scheduler(GstElement* element, GstEkyaScheduler* scheduler) {
  const gst::MiniPtr<GstContext> context(gst_context_new_ekya_scheduler(scheduler));
  gst_element_set_context(element, context.get());
}

void set_properties(GstElement* element, const std::string& line) {
  for (std::size_t from = 0; from < line.size();) {
    const std::size_t to = std::min(line.find(' ', from), line.size()), sign = line.find('=', from);
    const std::string name = line.substr(from, sign - from), value = line.substr(sign + 1, to - sign - 1);
    gst_util_set_object_arg(G_OBJECT(element), name.c_str(), value.c_str());
    from = to + 1;
  }
}

}  // namespace

void write_file(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

LabelBench::LabelBench(const std::string& line, std::vector<learner::Detection> found, double share)
    : folder_(make_folder()),
      engine_(script_, std::move(found)),
      scheduler_(make_scheduler(share)),
      bus_(gst_bus_new()) {
  learner::set_engine_for_testing(&engine_);
  write_models();
  element_ = gst_element_factory_make("ekyalabel", nullptr);
  gst_object_ref_sink(element_);
  gst_element_set_bus(element_, bus_);
  give_scheduler(element_, scheduler_);
  set("model-file", path("golden.safetensors").c_str());
  set("sample-rate", 1000.0);
  set_properties(element_, line);
}

LabelBench::~LabelBench() {
  script_->release();
  if (harness_) gst_harness_teardown(harness_);
  gst_element_set_state(element_, GST_STATE_NULL);
  gst_element_set_bus(element_, nullptr);
  gst_object_unref(element_);
  gst_object_unref(bus_);
  gst_object_unref(scheduler_);
  learner::set_engine_for_testing(nullptr);
  std::filesystem::remove_all(folder_);
}

void LabelBench::write_models() {
  const auto file = engine_.initialise(fake_model_info({"car", "truck", "cat"}), 1);
  const auto bytes = learner::serialize(*file);
  write_file(path("golden.safetensors"), std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  write_file(path("detector.ts"), "the fake engine does not read it");
  write_file(path("detector.ts.modelinfo"),
             "[modelinfo]\nversion=1.0\ngroup-id=ekya\n\n[ekya]\ntask=detection\ninput-size=8\nlabels=car;truck;cat\n"
             "boxes=xyxy\nboxes-unit=fraction\n");
  write_file(path("ekya-check-torchscript"), "#!/bin/sh\necho '{\"ok\": true}'\n");
  chmod(path("ekya-check-torchscript").c_str(), 0700);
  setenv("EKYA_HELPER_DIR", folder_.c_str(), 1);
}

void LabelBench::play() {
  if (set_state(GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE) {
    for (const auto& text : texts(GST_MESSAGE_ERROR)) g_printerr("%s\n", text.c_str());
    std::abort();
  }
  harness_ = gst_harness_new_with_element(element_, "sink", "src");
  set_caps("RGB", kWidth, kHeight);
}

void LabelBench::set_caps(const char* format, int width, int height) {
  width_ = width, height_ = height;
  gst::MiniPtr<GstCaps> caps(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, format, "width", G_TYPE_INT,
                                                 width, "height", G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION,
                                                 30, 1, nullptr));
  const gst::ObjectPtr<GstPad> sink(gst_element_get_static_pad(element_, "sink"));
  if (gst_pad_has_current_caps(sink.get())) {
    push_event(gst_event_new_caps(caps.get()));  // the caps alone: a new segment would make earlier labels late
  } else {
    gst_harness_set_src_caps(harness_, caps.release());
  }
}

GstBuffer* LabelBench::frame(double seconds, int label, double confidence) {
  return frame(seconds, label, confidence, {{4, 4, 16, 16}});
}

GstBuffer* LabelBench::frame(double seconds, int label, double confidence, const std::vector<Region>& regions,
                             const char* type) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, static_cast<guint>(width_), static_cast<guint>(height_));
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; ++i) {
    const int channel = static_cast<int>(i % static_cast<gsize>(GST_VIDEO_INFO_PLANE_STRIDE(&info, 0)) % 3);
    map.data[i] = channel == 0   ? static_cast<guint8>(label * 32 + 16)
                  : channel == 1 ? static_cast<guint8>(confidence * 255 + 0.5)
                                 : 0;
  }
  gst_buffer_unmap(buffer, &map);
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(seconds * GST_SECOND + 0.5);
  GST_BUFFER_DURATION(buffer) = GST_SECOND / 30;
  for (const Region& r : regions)
    gst_buffer_add_video_region_of_interest_meta(buffer, type, r.x, r.y, r.width, r.height);
  return buffer;
}

gst::MiniPtr<GstBuffer> LabelBench::pull(double wait) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait);
  do {
    if (GstBuffer* buffer = gst_harness_try_pull(harness_)) return gst::MiniPtr<GstBuffer>(buffer);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  } while (std::chrono::steady_clock::now() < until);
  return nullptr;
}

std::vector<SeenLabel> LabelBench::labels(GstBuffer* buffer) {
  std::vector<SeenLabel> seen;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    const GstStructure* param = gst_ekya_region_get_param(region, GST_EKYA_PARAM_LABEL);
    if (!param) continue;
    SeenLabel label{gst_structure_get_string(param, "label"), 0, gst_structure_get_string(param, "source"), false};
    gboolean is_doubtful = FALSE;
    gst_structure_get_double(param, "confidence", &label.confidence);
    gst_structure_get_boolean(param, "doubtful", &is_doubtful);
    label.is_doubtful = is_doubtful;
    seen.push_back(label);
  }
  return seen;
}

GstVideoRegionOfInterestMeta* LabelBench::region(GstBuffer* buffer, guint index) {
  gpointer state = nullptr;
  GstMeta* meta = nullptr;
  for (guint i = 0; i <= index; ++i)
    meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
  return reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
}

guint64 LabelBench::stat(const char* name) {
  GstStructure* raw = nullptr;
  g_object_get(element_, "stats", &raw, nullptr);
  const gst::StructurePtr stats(raw);
  guint64 value = G_MAXUINT64;
  gst_structure_get_uint64(stats.get(), name, &value);
  return value;
}

bool LabelBench::wait_for(const char* name, guint64 value) {
  for (int i = 0; i < 5000 && stat(name) != value; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return stat(name) == value;
}

std::vector<std::string> LabelBench::texts(GstMessageType type) {
  std::vector<std::string> texts;
  while (GstMessage* raw = gst_bus_pop_filtered(bus_, type)) {
    const gst::MiniPtr<GstMessage> message(raw);
    GError* error = nullptr;
    if (type == GST_MESSAGE_ERROR) gst_message_parse_error(raw, &error, nullptr);
    if (type == GST_MESSAGE_WARNING) gst_message_parse_warning(raw, &error, nullptr);
    texts.push_back(error->message);
    g_error_free(error);
  }
  return texts;
}

gst::StructurePtr LabelBench::next_element_message(const char* name) {
  while (GstMessage* raw = gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT)) {
    const gst::MiniPtr<GstMessage> message(raw);
    if (gst_message_has_name(raw, name)) return gst::StructurePtr(gst_structure_copy(gst_message_get_structure(raw)));
  }
  return nullptr;
}

}  // namespace ekya::testing
