// SPDX-License-Identifier: LGPL-2.1-or-later
#include "infer_harness.h"

#include <chrono>

#include "ekyainfer/gstekyainfer.h"

namespace ekya::gst::infer {

using ::ekya::testing::write_text;

GstBuffer* make_frame(int width, int height, const std::vector<Box>& boxes, GstClockTime pts) {
  const int stride = GST_ROUND_UP_4(3 * width);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, static_cast<gsize>(stride) * height, nullptr);
  gst_buffer_memset(buffer, 0, 0, static_cast<gsize>(stride) * height);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  for (const Box& box : boxes)
    for (guint y = box.y; y < box.y + box.h && y < guint(height); ++y)
      for (guint x = box.x; x < box.x + box.w && x < guint(width); ++x) {
        map.data[y * stride + 3 * x] = static_cast<guint8>(32 * box.label + 16);
        map.data[y * stride + 3 * x + 1] = 230;
      }
  gst_buffer_unmap(buffer, &map);
  for (const Box& box : boxes)
    gst_buffer_add_video_region_of_interest_meta(buffer, box.type, box.x, box.y, box.w, box.h)->id = box.id;
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = GST_SECOND / 30;
  return buffer;
}

learner::ModelInfo model_info(std::uint64_t generation) {
  auto info = ::ekya::testing::fake_model_info(kLabels);
  info.generation = generation;
  info.accuracy = 0.75;
  return info;
}

std::string write_model(const std::string& path, learner::ModelInfo info) {
  learner::WeightsFile file;
  learner::set_model_info(file, info);
  file.tensors["w"] = {learner::DType::kF32, {1}, std::vector<std::byte>(4)};
  const auto bytes = learner::serialize(file);
  write_text(path, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  return path;
}

std::vector<Result> results(GstBuffer* buffer, const char* name) {
  std::vector<Result> found;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    Result result;
    result.roi_type = g_quark_to_string(region->roi_type);
    result.id = region->id;
    result.rect = {int(region->x), int(region->y), int(region->w), int(region->h)};
    if (const GstStructure* param = gst_ekya_region_get_param(region, name)) {
      gboolean carried = FALSE;
      guint64 generation = 0;
      result.label = gst_structure_get_string(param, "label");
      result.model_name = gst_structure_get_string(param, "model_name");
      gst_structure_get(param, "label_id", G_TYPE_INT, &result.label_id, "confidence", G_TYPE_DOUBLE,
                        &result.confidence, "carried", G_TYPE_BOOLEAN, &carried, "age", G_TYPE_UINT, &result.age,
                        nullptr);
      gst_structure_get_uint64(param, "generation", &generation);
      result.generation = generation;
      result.carried = carried;
    }
    found.push_back(result);
  }
  return found;
}

InferTest::InferTest() {
  learner::set_engine_for_testing(&engine_);
  GST_ELEMENT_REGISTER(ekyainfer, nullptr);
  element_ = GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("ekyainfer", nullptr)));
  bus_ = gst_bus_new();
  gst_element_set_bus(element_, bus_);
  scheduler_ = gst_ekya_scheduler_new();
  if (g_object_is_floating(scheduler_)) gst_object_ref_sink(scheduler_);
  GstContext* context = gst_context_new_ekya_scheduler(scheduler_);
  gst_element_set_context(element_, context);
  gst_context_unref(context);
  write_model(folder_ / "student.safetensors", model_info());
  set("model-file", folder_ / "student.safetensors");
}

InferTest::~InferTest() {
  if (harness_) gst_harness_teardown(harness_);
  gst_element_set_state(element_, GST_STATE_NULL);
  gst_element_set_bus(element_, nullptr);
  gst_object_unref(element_);
  for (GstMessage* message : seen_) gst_message_unref(message);
  gst_bus_set_flushing(bus_, TRUE);
  gst_object_unref(bus_);
  gst_object_unref(scheduler_);
  learner::set_engine_for_testing(nullptr);
}

void InferTest::set(const char* property, const std::string& value) {
  gst_util_set_object_arg(G_OBJECT(element_), property, value.c_str());
}

void InferTest::play(const std::string& caps) {
  ASSERT_NE(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE)
      << ::testing::PrintToString(texts(GST_MESSAGE_ERROR));
  harness_ = gst_harness_new_with_element(element_, "sink", "src");
  set_caps(caps);
}

void InferTest::set_caps(const std::string& caps) { gst_harness_set_src_caps_str(harness_, caps.c_str()); }

MiniPtr<GstBuffer> InferTest::push(GstBuffer* frame) {
  gst_harness_push(harness_, frame);
  return MiniPtr<GstBuffer>(gst_harness_try_pull(harness_));
}

MiniPtr<GstBuffer> InferTest::push(const std::vector<Box>& boxes) {
  pts_ += GST_SECOND / 30;
  return push(make_frame(64, 48, boxes, pts_));
}

::testing::AssertionResult InferTest::push_until(const std::vector<Box>& boxes, const std::function<bool()>& done) {
  const Seconds end = steady_now() + Seconds{10};
  while (!done()) {
    if (steady_now() > end) return ::testing::AssertionFailure() << "did not happen in ten seconds";
    if (!push(boxes)) return ::testing::AssertionFailure() << "a frame was lost";
    g_usleep(1000);
  }
  return ::testing::AssertionSuccess();
}

std::uint64_t InferTest::stat(const char* name) {
  GstStructure* stats = nullptr;
  g_object_get(element_, "stats", &stats, nullptr);
  const StructurePtr owned(stats);
  guint64 value = 0;
  EXPECT_TRUE(gst_structure_get_uint64(stats, name, &value)) << name;
  return value;
}

double InferTest::number_stat(const char* name) {
  GstStructure* stats = nullptr;
  g_object_get(element_, "stats", &stats, nullptr);
  const StructurePtr owned(stats);
  gdouble value = 0;
  guint whole = 0;
  if (gst_structure_get_uint(stats, name, &whole)) return whole;
  EXPECT_TRUE(gst_structure_get_double(stats, name, &value)) << name;
  return value;
}

void InferTest::drain_bus() {
  while (GstMessage* message = gst_bus_pop(bus_)) seen_.push_back(message);
}

std::vector<std::string> InferTest::texts(GstMessageType type) {
  drain_bus();
  std::vector<std::string> found;
  for (GstMessage* message : seen_) {
    if (GST_MESSAGE_TYPE(message) != type) continue;
    GError* error = nullptr;
    if (type == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, nullptr);
    if (type == GST_MESSAGE_WARNING) gst_message_parse_warning(message, &error, nullptr);
    found.push_back(error ? error->message : "");
    if (error) g_error_free(error);
  }
  return found;
}

std::vector<StructurePtr> InferTest::messages(const char* name) {
  drain_bus();
  std::vector<StructurePtr> found;
  for (GstMessage* message : seen_)
    if (gst_message_has_name(message, name)) found.emplace_back(gst_structure_copy(gst_message_get_structure(message)));
  return found;
}

bool InferTest::publish(const std::string& path, std::uint64_t generation, const char* stream) {
  const StructurePtr checkpoint(gst_structure_new("ekya-checkpoint", "stream-id", G_TYPE_STRING, stream, "path",
                                                  G_TYPE_STRING, path.c_str(), "generation", G_TYPE_UINT64,
                                                  static_cast<guint64>(generation), "accuracy", G_TYPE_DOUBLE, 0.8,
                                                  "status", G_TYPE_STRING, "published", nullptr));
  GError* error = nullptr;
  const bool done = gst_ekya_scheduler_publish_checkpoint(scheduler_, checkpoint.get(), &error);
  EXPECT_TRUE(done) << (error ? error->message : "");
  g_clear_error(&error);
  return done;
}

std::string InferTest::model_of(std::uint64_t generation) {
  return write_model(folder_ / (std::to_string(generation) + ".safetensors"), model_info(generation));
}

}  // namespace ekya::gst::infer

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleMock(&argc, argv);
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
