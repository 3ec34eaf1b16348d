// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-agreement LAUNCH-LINE: plays a launch line as gst-launch-1.0 does, and prints for each clip on it how far the
// live student agrees with the golden model. The line names its ekyainfer `student` and its ekyalabel `golden`.
#include <gst/gst.h>

#include <cstdio>
#include <string>

#include "agreement.h"
#include "common/region_labels.h"
#include "glue/ptr.h"

namespace {

using ekya::gst::ErrorPtr;
using ekya::gst::MiniPtr;
using ekya::gst::ObjectPtr;
using ekya::tools::Agreement;
using ekya::tools::RegionKey;

/// One of the two elements whose answers are compared. Used by its streaming thread alone.
struct Voice {
  Agreement* agreement;
  void (Agreement::*say)(const RegionKey&, const std::string&);
  const char* param;  ///< Of the region, that holds the label.
  int clip = 0;
};

/// The golden model is unsure: ekyaretrain does not learn from it either.
bool is_doubtful(GstVideoRegionOfInterestMeta* region) {
  const GstStructure* label = gst_ekya_region_get_param(region, GST_EKYA_PARAM_LABEL);
  gboolean doubtful = FALSE;
  return label && gst_structure_get_boolean(label, "doubtful", &doubtful) && doubtful;
}

GstPadProbeReturn listen(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& voice = *static_cast<Voice*>(data);
  if (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    voice.clip += GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_STREAM_START;
    return GST_PAD_PROBE_OK;
  }
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  ekya::tools::for_each_region(buffer, [&](GstVideoRegionOfInterestMeta* region) {
    const std::string label = ekya::tools::label_of(region, voice.param);
    const RegionKey key{voice.clip, GST_BUFFER_PTS(buffer), region->x, region->y, region->w, region->h};
    if (!label.empty() && !is_doubtful(region)) (voice.agreement->*voice.say)(key, label);
  });
  return GST_PAD_PROBE_OK;
}

bool hear(GstElement* pipeline, const char* name, Voice& voice) {
  const ObjectPtr<GstElement> element(gst_bin_get_by_name(GST_BIN(pipeline), name));
  if (!element) return false;
  const ObjectPtr<GstPad> pad(gst_element_get_static_pad(element.get(), "src"));
  const int what = GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM;
  gst_pad_add_probe(pad.get(), static_cast<GstPadProbeType>(what), listen, &voice, nullptr);
  return true;
}

void print(int clip, const ekya::tools::ClipScore& score, int swaps) {
  std::printf("clip %d: %ld labels, agreement %.1f %%, mean over classes %.1f %%, %d new models;", clip,
              score.regions(), 100 * score.agreement(), 100 * score.mean_over_classes(), swaps);
  for (const auto& [name, label] : score.labels)
    std::printf(" %s %ld of %ld", name.c_str(), label.agreed, label.golden);
  std::printf("\n");
  std::fflush(stdout);
}

/// Prints what became of a retrained model; whether it went live.
bool tell_swap(const GstStructure* said) {
  if (!gst_structure_has_name(said, "ekya-model-swap")) return false;
  const std::string status = gst_structure_get_string(said, "status");
  std::fprintf(stderr, "%s: %s\n", status.c_str(), gst_structure_get_string(said, "reason"));
  return status == "accepted";
}

void print_error(GstMessage* message, bool fatal) {
  GError* error = nullptr;
  (fatal ? gst_message_parse_error : gst_message_parse_warning)(message, &error, nullptr);
  const ErrorPtr owner(error);
  std::fprintf(stderr, "%s: %s\n", GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), error->message);
}

/// Until the end of the stream or an error; gives the exit status.
int play(GstElement* pipeline, const Agreement& agreement) {
  const ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline));
  int printed = 0, swaps = 0;
  for (;;) {
    const MiniPtr<GstMessage> message(gst_bus_timed_pop(bus.get(), 100 * GST_MSECOND));
    const GstMessageType type = message ? GST_MESSAGE_TYPE(message.get()) : GST_MESSAGE_UNKNOWN;
    const bool ended = type == GST_MESSAGE_EOS;
    for (; printed < agreement.clip() - (ended ? 0 : 1); swaps = 0) {
      ++printed;
      print(printed, agreement.score(printed), swaps);
    }
    if (ended) return 0;
    if (type == GST_MESSAGE_ELEMENT) swaps += tell_swap(gst_message_get_structure(message.get()));
    if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_WARNING) print_error(message.get(), type == GST_MESSAGE_ERROR);
    if (type == GST_MESSAGE_ERROR) return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GError* error = nullptr;
  GstElement* parsed = gst_parse_launchv(const_cast<const gchar**>(argv + 1), &error);
  const ErrorPtr owner(error);
  if (!parsed || error) {
    std::fprintf(stderr, "ekya-agreement: %s\n", error ? error->message : "no pipeline");
    return 1;
  }
  const ObjectPtr<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(parsed)));
  Agreement agreement;
  Voice student{&agreement, &Agreement::student, GST_EKYA_PARAM_CLASSIFICATION};
  Voice golden{&agreement, &Agreement::golden, GST_EKYA_PARAM_LABEL};
  if (!hear(pipeline.get(), "student", student) || !hear(pipeline.get(), "golden", golden)) {
    std::fprintf(stderr, "ekya-agreement: the line names no element 'student' or 'golden'\n");
    return 1;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const int status = play(pipeline.get(), agreement);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return status;
}
