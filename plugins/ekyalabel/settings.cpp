// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/settings.h"

namespace ekya::gst::label {

GType task_type() {
  static const GEnumValue values[] = {
      {kTaskAuto, "What the model file says that it is for", "auto"},
      {kTaskClassify, "A classifier labels regions or the whole frame", "classify"},
      {kTaskDetect, "A detector's boxes label the regions that they match", "detect"},
      {kTaskMetadata, "Labels are those that another element or a human attached; no model", "metadata"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaLabelTask", values);
  return type;
}

GType sampling_type() {
  static const GEnumValue values[] = {
      {kSamplingUniform, "Evenly in time", "uniform"},
      {kSamplingDoubtful, "Rather frames that the student is unsure of", "doubtful"},
      {kSamplingChanged, "Rather frames that differ from the last sampled one", "changed"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaLabelSampling", values);
  return type;
}

GType label_agreement_type() {
  static const GEnumValue values[] = {
      {kAgreementNone, "Labels are not compared", "none"},
      {kAgreementFlip, "With the golden model's label of the mirrored view", "flip"},
      {kAgreementTrack, "With the labels of the same object in the labelled frames before", "track"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaLabelAgreement", values);
  return type;
}

GType inference_region_type() {
  static const GEnumValue values[] = {{kRegionRoiList, "The regions of interest on the frame", "roi-list"},
                                      {kRegionFullFrame, "The whole frame", "full-frame"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaLabelRegion", values);
  return type;
}

}  // namespace ekya::gst::label
