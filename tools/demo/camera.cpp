// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera.h"

#include <gst/ekya/ekya.h>

#include <memory>
#include <utility>

#include "common/region_labels.h"
#include "glue/ptr.h"

namespace ekya::demo {
namespace {

using gst::MiniPtr;
using gst::ObjectPtr;
using tools::for_each_region;
using tools::label_of;

struct Watch {
  CameraSpec camera;
  Meter* meter;
  SavePicture save;
};

Frame compare_with_truth(GstBuffer* buffer) {
  Frame frame;
  frame.pts_ns = static_cast<std::int64_t>(GST_BUFFER_PTS(buffer));
  for_each_region(buffer, [&](GstVideoRegionOfInterestMeta* region) {
    const std::string truth = label_of(region, GST_EKYA_PARAM_TRUTH);
    if (truth.empty()) return;
    ++frame.objects;
    frame.correct += label_of(region, GST_EKYA_PARAM_CLASSIFICATION) == truth;
    const GstStructure* result = gst_ekya_region_get_param(region, GST_EKYA_PARAM_CLASSIFICATION);
    guint64 generation = 0;
    if (result && gst_structure_get_uint64(result, "generation", &generation)) frame.generation = generation;
  });
  return frame;
}

bool video_info(GstPad* pad, GstVideoInfo& info) {
  const MiniPtr<GstCaps> caps(gst_pad_get_current_caps(pad));
  return caps && gst_video_info_from_caps(&info, caps.get());
}

GstPadProbeReturn on_frame_in(GstPad*, GstPadProbeInfo* info, gpointer data) {
  const auto& watch = *static_cast<Watch*>(data);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  watch.meter->frame_in(static_cast<std::int64_t>(GST_BUFFER_PTS(buffer)), g_get_monotonic_time() * 1000);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn on_frame_out(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  const auto& watch = *static_cast<Watch*>(data);
  const std::int64_t now = g_get_monotonic_time() * 1000;
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  Frame frame = compare_with_truth(buffer);
  frame.out_ns = now;
  watch.meter->frame_out(frame);
  GstVideoInfo video;
  if (watch.save && video_info(pad, video)) watch.save(watch.camera, buffer, video);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn on_labelled(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  const auto& watch = *static_cast<Watch*>(data);
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  for_each_region(buffer, [&](GstVideoRegionOfInterestMeta* region) {
    const std::string truth = label_of(region, GST_EKYA_PARAM_TRUTH), label = label_of(region, GST_EKYA_PARAM_LABEL);
    if (!truth.empty() && !label.empty()) watch.meter->label(label == truth);
  });
  GstVideoInfo video;
  if (watch.save && video_info(pad, video)) watch.save(watch.camera, buffer, video);
  return GST_PAD_PROBE_OK;
}

void add_probe(GstElement* pipeline, const std::string& element, const char* pad, GstPadProbeCallback callback,
               const Watch& watch) {
  const ObjectPtr<GstElement> found(gst_bin_get_by_name(GST_BIN(pipeline), element.c_str()));
  const ObjectPtr<GstPad> where(gst_element_get_static_pad(found.get(), pad));
  gst_pad_add_probe(where.get(), GST_PAD_PROBE_TYPE_BUFFER, callback, new Watch(watch),
                    [](gpointer data) { delete static_cast<Watch*>(data); });
}

}  // namespace

std::string launch_line(const CameraSpec& camera, const Models& models, const std::string& state_folder) {
  const std::string& id = camera.id;
  const std::string student = " stream-id=" + id + " model-file=" + models.student;
  return " ekyatestsrc name=source-" + id + " is-live=true " + camera.source +
         " ! video/x-raw,format=RGB,width=640,height=360,framerate=15/1 ! tee name=tee-" + id + " tee-" + id +
         ". ! queue ! ekyainfer name=infer-" + id + student +
         " ! fakesink sync=false qos=false"
         " tee-" +
         id + ". ! queue leaky=downstream max-size-buffers=2 ! ekyalabel name=label-" + id + " stream-id=" + id +
         " model-file=" + models.golden + " sample-rate=4 ! ekyaretrain name=retrain-" + id + student +
         " state-folder=" + state_folder + "/" + id;
}

void watch(GstElement* pipeline, const CameraSpec& camera, Meter& meter, SavePicture save_frame,
           SavePicture save_crops) {
  add_probe(pipeline, "infer-" + camera.id, "sink", on_frame_in, {camera, &meter, nullptr});
  add_probe(pipeline, "infer-" + camera.id, "src", on_frame_out, {camera, &meter, std::move(save_frame)});
  add_probe(pipeline, "label-" + camera.id, "src", on_labelled, {camera, &meter, std::move(save_crops)});
}

}  // namespace ekya::demo
