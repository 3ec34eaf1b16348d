// SPDX-License-Identifier: LGPL-2.1-or-later
// Ekya inside an application, with GStreamer's own API only: builds a pipeline, listens to its messages, steers a
// share, and adds and removes a camera while playing.
//
//   embed MODELS_FOLDER STATE_FOLDER
#include <gst/gst.h>

#include <cstdio>
#include <functional>
#include <string>

namespace {

/// One camera: live video through the student, and a leaky branch that labels and retrains.
std::string camera_line(const std::string& id, const std::string& models, const std::string& state) {
  const std::string student = " stream-id=" + id + " model-file=" + models + "/demo-student.safetensors";
  return "ekyatestsrc is-live=true ! tee name=t ! queue ! ekyainfer" + student + " ! fakesink sync=false" +
         " t. ! queue leaky=downstream max-size-buffers=2 ! ekyalabel stream-id=" + id + " model-file=" + models +
         "/demo-golden.safetensors ! ekyaretrain" + student + " state-folder=" + state + "/" + id;
}

GstElement* add_camera(GstElement* pipeline, const std::string& id, const std::string& models,
                       const std::string& state) {
  GError* error = nullptr;
  GstElement* bin = gst_parse_bin_from_description(camera_line(id, models, state).c_str(), FALSE, &error);
  if (!bin) {
    std::fprintf(stderr, "embed: %s\n", error->message);
    g_clear_error(&error);
    return nullptr;
  }
  gst_object_set_name(GST_OBJECT(bin), id.c_str());
  gst_bin_add(GST_BIN(pipeline), bin);
  gst_element_sync_state_with_parent(bin);
  return bin;
}

void remove_camera(GstElement* pipeline, GstElement* bin) {
  gst_object_ref(bin);
  gst_bin_remove(GST_BIN(pipeline), bin);
  gst_element_set_state(bin, GST_STATE_NULL);
  gst_object_unref(bin);
}

struct Seen {
  bool pinned = false, second_granted = false, failed = false;
};

void on_message(GstMessage* message, Seen& seen) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    std::fprintf(stderr, "embed: %s\n", error->message);
    g_clear_error(&error);
    seen.failed = true;
  }
  const GstStructure* s = gst_message_get_structure(message);
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !gst_structure_has_name(s, "ekya-share-grant")) return;
  const std::string stream = gst_structure_get_string(s, "stream-id"), kind = gst_structure_get_string(s, "kind");
  double share = 0;
  gst_structure_get_double(s, "share", &share);
  std::printf("grant: %s %s %.2f\n", stream.c_str(), kind.c_str(), share);
  seen.second_granted |= stream == "two";
  seen.pinned |= stream == "one" && kind == "retraining" && share == 0.25;
}

/// Handles messages for a while.
void listen(GstElement* pipeline, double seconds, Seen& seen) {
  GstBus* bus = gst_element_get_bus(pipeline);
  const gint64 end = g_get_monotonic_time() + static_cast<gint64>(seconds * G_TIME_SPAN_SECOND);
  while (g_get_monotonic_time() < end && !seen.failed) {
    GstMessage* message = gst_bus_timed_pop(bus, 50 * GST_MSECOND);
    if (!message) continue;
    on_message(message, seen);
    gst_message_unref(message);
  }
  gst_object_unref(bus);
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed MODELS_FOLDER STATE_FOLDER\n");
    return 2;
  }
  const std::string models = argv[1], state = argv[2];
  GstElement* pipeline = gst_pipeline_new("cameras");
  GstElement* scheduler = gst_element_factory_make("ekyascheduler", "scheduler");
  if (!scheduler) {
    std::fprintf(stderr, "embed: no element ekyascheduler: is GST_PLUGIN_PATH set?\n");
    return 1;
  }
  g_object_set(scheduler, "policy", "thief", "window-duration", 4.0, nullptr);
  gst_bin_add(GST_BIN(pipeline), scheduler);

  Seen seen;
  if (!add_camera(pipeline, "one", models, state)) return 1;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  listen(pipeline, 2, seen);

  // Steer: the first camera's retraining gets a quarter of the device, whatever the policy thinks.
  gboolean steered = FALSE;
  GEnumClass* kinds = G_ENUM_CLASS(g_type_class_ref(g_type_from_name("GstEkyaClientKind")));
  g_signal_emit_by_name(scheduler, "pin-share", "one", g_enum_get_value_by_nick(kinds, "retraining")->value, 0.25,
                        &steered);
  g_type_class_unref(kinds);
  listen(pipeline, 2, seen);

  GstElement* second = add_camera(pipeline, "two", models, state);
  listen(pipeline, 4, seen);
  if (second) remove_camera(pipeline, second);
  listen(pipeline, 2, seen);

  gchar* why = nullptr;
  g_signal_emit_by_name(scheduler, "explain", &why);
  std::printf("why:\n%s\n", why);
  g_free(why);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(pipeline);

  const bool good = steered && seen.pinned && seen.second_granted && !seen.failed;
  std::printf("%s\n", good ? "done" : "something was not seen");
  return good ? 0 : 1;
}
