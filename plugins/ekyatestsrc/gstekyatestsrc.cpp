// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-ekyatestsrc
 * @title: ekyatestsrc
 * @short_description: live test camera whose scene drifts, with ground truth
 *
 * What videotestsrc is to video, this is to continuous learning: a road with cars, trucks, buses, people, bicycles and
 * motorcycles, or real pictures on conveyor belts. Light, weather, blur, noise, viewpoint and the mix of classes drift
 * as the properties say. Each object that is well visible is a #GstVideoRegionOfInterestMeta of type "object", as an
 * upstream detector would attach it; its true class is in the parameter "ekya-truth". The same properties give the same
 * bytes and the same truth. See docs/elements/ekyatestsrc.md.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 ekyatestsrc is-live=true drift=gradual light-after=0 weather-after=rain drift-start=10
 * drift-duration=20 ! videoconvert ! autovideosink
 * ]|
 */
#include "ekyatestsrc/gstekyatestsrc.h"

#include <gst/video/gstvideopool.h>
#include <gst/video/video.h>

#include "ekyatestsrc/camera.h"
#include "glue/guarded.h"
#include "glue/properties.h"

using ekya::gst::guarded;
using ekya::gst::ObjectPtr;
using ekya::gst::testsrc::Camera;
using ekya::gst::testsrc::Settings;
using ekya::scene::DriftKind;
using ekya::scene::Weather;

GST_DEBUG_CATEGORY_STATIC(gst_ekya_test_src_debug);
#define GST_CAT_DEFAULT gst_ekya_test_src_debug

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("video/x-raw, format = (string) { BGRx, RGB, RGBx, NV12, I420 }, "
                    "width = (int) [ 16, 4096 ], height = (int) [ 16, 4096 ], "
                    "framerate = (fraction) [ 1/1000, 1000/1 ], "
                    "pixel-aspect-ratio = (fraction) 1/1, interlace-mode = (string) progressive"));

static constexpr gint kClear = static_cast<gint>(Weather::kClear), kRain = static_cast<gint>(Weather::kRain);
static constexpr gint kFog = static_cast<gint>(Weather::kFog), kSnow = static_cast<gint>(Weather::kSnow);

static GType gst_ekya_test_src_weather_get_type() {
  static const GEnumValue values[] = {{kClear, "Clear", "clear"},
                                      {kRain, "Rain", "rain"},
                                      {kFog, "Fog", "fog"},
                                      {kSnow, "Snow", "snow"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaTestSrcWeather", values);
  return type;
}

static GType gst_ekya_test_src_weather_after_get_type() {
  static const GEnumValue values[] = {{ekya::gst::testsrc::kWeatherAsBefore, "As before the drift", "same"},
                                      {kClear, "Clear", "clear"},
                                      {kRain, "Rain", "rain"},
                                      {kFog, "Fog", "fog"},
                                      {kSnow, "Snow", "snow"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaTestSrcWeatherAfter", values);
  return type;
}

static GType gst_ekya_test_src_drift_get_type() {
  static const GEnumValue values[] = {
      {static_cast<gint>(DriftKind::kNone), "No drift", "none"},
      {static_cast<gint>(DriftKind::kAbrupt), "From one frame to the next", "abrupt"},
      {static_cast<gint>(DriftKind::kGradual), "Evenly over drift-duration", "gradual"},
      {static_cast<gint>(DriftKind::kRecurring), "There and back in each drift-duration", "recurring"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaTestSrcDrift", values);
  return type;
}

using Table = ekya::gst::Properties<Settings>;
static constexpr guint kIsLiveId = 1;

static const Table& properties() {
  constexpr int kPlaying = GST_PARAM_MUTABLE_PLAYING;
  constexpr double kLongest = 1e7;
  static const Table table{
      {"is-live", "Give each frame when its time has come, as a camera does", Table::Boolean{&Settings::is_live}},
      {"seed", "Everything random follows from it: another seed is another street and other objects",
       Table::Uint64{&Settings::seed, 0, G_MAXUINT64}},
      {"objects", "Objects that are on their way at the same time", Table::Uint{&Settings::objects, 0, 64}},
      {"light", "0: night, 1: day", Table::Double{&Settings::light, 0, 1}, kPlaying},
      {"light-after", "light after the drift; -1: no change", Table::Double{&Settings::light_after, -1, 1}, kPlaying},
      {"weather", "What falls or hangs in the air", Table::Enum{&Settings::weather, gst_ekya_test_src_weather_get_type},
       kPlaying},
      {"weather-after", "weather after the drift",
       Table::Enum{&Settings::weather_after, gst_ekya_test_src_weather_after_get_type}, kPlaying},
      {"weather-strength", "How much of the weather: 0 none, 1 most", Table::Double{&Settings::weather_strength, 0, 1},
       kPlaying},
      {"weather-strength-after", "weather-strength after the drift; -1: no change",
       Table::Double{&Settings::weather_strength_after, -1, 1}, kPlaying},
      {"blur", "0: sharp, 1: blurred by a standard deviation of 1/90 of the height",
       Table::Double{&Settings::blur, 0, 1}, kPlaying},
      {"blur-after", "blur after the drift; -1: no change", Table::Double{&Settings::blur_after, -1, 1}, kPlaying},
      {"noise", "Sensor noise, 1: a standard deviation of 30 grey levels; night adds its own",
       Table::Double{&Settings::noise, 0, 1}, kPlaying},
      {"noise-after", "noise after the drift; -1: no change", Table::Double{&Settings::noise_after, -1, 1}, kPlaying},
      {"viewpoint", "0: from the side, 1: nearer and tilted", Table::Double{&Settings::viewpoint, 0, 1}, kPlaying},
      {"viewpoint-after", "viewpoint after the drift; -1: no change", Table::Double{&Settings::viewpoint_after, -1, 1},
       kPlaying},
      {"class-mix", "How often each class comes, as car=5,truck=1; classes not named do not come; empty: all alike",
       Table::String{&Settings::class_mix}, kPlaying},
      {"class-mix-after", "class-mix of objects that come after the drift; empty: no change",
       Table::String{&Settings::class_mix_after}, kPlaying},
      {"drift", "How the scene gets from its properties to those named -after",
       Table::Enum{&Settings::drift, gst_ekya_test_src_drift_get_type}, kPlaying},
      {"drift-start", "Stream time in seconds at which the drift begins",
       Table::Double{&Settings::drift_start, 0, kLongest}, kPlaying},
      {"drift-duration", "Seconds that a gradual drift takes, or the period of a recurring one",
       Table::Double{&Settings::drift_duration, 0.001, kLongest}, kPlaying},
      {"sprites",
       "Show real pictures on conveyor belts: an IDX images file (labels beside it), or a folder with index.csv",
       Table::String{&Settings::sprites}},
      {"sprites-labels", "File with a name for each class of the sprites, one a line",
       Table::String{&Settings::sprites_labels}},
      {"sprites-window", "Window of the sprites' data set that is shown first",
       Table::Uint{&Settings::sprites_window, 0, 999}, kPlaying},
      {"sprites-window-duration", "Seconds until the next window of the sprites is shown; 0: never",
       Table::Double{&Settings::sprites_window_duration, 0, kLongest}, kPlaying},
  };
  return table;
}
static guint labels_id() { return properties().end_id(); }
static guint stats_id() { return properties().end_id() + 1; }

struct _GstEkyaTestSrc {
  GstPushSrc parent;
  Camera* impl;
};

G_DEFINE_TYPE(GstEkyaTestSrc, gst_ekya_test_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE(ekyatestsrc, "ekyatestsrc", GST_RANK_NONE, GST_TYPE_EKYA_TEST_SRC)

static Camera& impl(gpointer self) { return *GST_EKYA_TEST_SRC(self)->impl; }

static void gst_ekya_test_src_init(GstEkyaTestSrc* self) {
  self->impl = new Camera(GST_BASE_SRC(self));
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
  gst_base_src_set_live(GST_BASE_SRC(self), Settings{}.is_live);
}

static void gst_ekya_test_src_finalize(GObject* object) {
  delete GST_EKYA_TEST_SRC(object)->impl;
  G_OBJECT_CLASS(gst_ekya_test_src_parent_class)->finalize(object);
}

static void gst_ekya_test_src_set_property(GObject* object, guint id, const GValue* value, GParamSpec* pspec) {
  guarded(object, [&] {
    if (!properties().has(id)) {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
      return;
    }
    impl(object).change_settings([&](Settings& s) { properties().set(s, id, value); });
    if (id == kIsLiveId) gst_base_src_set_live(GST_BASE_SRC(object), g_value_get_boolean(value));
  });
}

static void put_strings(GValue* array, const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, G_TYPE_STRING);
    g_value_set_string(&item, text.c_str());
    gst_value_array_append_and_take_value(array, &item);
  }
}

static void gst_ekya_test_src_get_property(GObject* object, guint id, GValue* value, GParamSpec* pspec) {
  guarded(object, [&] {
    if (id == stats_id()) return g_value_take_boxed(value, impl(object).stats().release());
    if (id == labels_id()) return put_strings(value, impl(object).labels());
    if (properties().has(id)) return properties().get(impl(object).settings(), id, value);
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  });
}

// Not in the base class's start(), for whose failure that one posts an error of its own.
static GstStateChangeReturn gst_ekya_test_src_change_state(GstElement* element, GstStateChange change) {
  const bool starts = change == GST_STATE_CHANGE_READY_TO_PAUSED;
  if (starts && !guarded(element, false, [&] { return impl(element).start(); })) return GST_STATE_CHANGE_FAILURE;
  const auto result = GST_ELEMENT_CLASS(gst_ekya_test_src_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY || (starts && result == GST_STATE_CHANGE_FAILURE))
    guarded(element, [&] { impl(element).stop(); });
  return result;
}

static GstCaps* gst_ekya_test_src_fixate(GstBaseSrc* base, GstCaps* caps) {
  caps = gst_caps_make_writable(caps);
  for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
    GstStructure* structure = gst_caps_get_structure(caps, i);
    gst_structure_fixate_field_nearest_int(structure, "width", 640);
    gst_structure_fixate_field_nearest_int(structure, "height", 360);
    gst_structure_fixate_field_nearest_fraction(structure, "framerate", 15, 1);
  }
  return GST_BASE_SRC_CLASS(gst_ekya_test_src_parent_class)->fixate(base, caps);
}

static gboolean gst_ekya_test_src_set_caps(GstBaseSrc* base, GstCaps* caps) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return FALSE;
  return guarded(base, FALSE, [&] { return static_cast<gboolean>(impl(base).set_info(info)); });
}

// A pool of video frames: the one that downstream offers, else our own. Both may have strides of their own.
static gboolean gst_ekya_test_src_decide_allocation(GstBaseSrc* base, GstQuery* query) {
  GstCaps* caps = nullptr;
  GstBufferPool* pool = nullptr;
  guint size = 0, min = 0, max = 0;
  gst_query_parse_allocation(query, &caps, nullptr);
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps)) return FALSE;
  const bool offered = gst_query_get_n_allocation_pools(query) > 0;
  if (offered) gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, &min, &max);
  const ObjectPtr<GstBufferPool> owned(pool ? pool : gst_video_buffer_pool_new());
  size = MAX(size, static_cast<guint>(info.size));
  GstStructure* config = gst_buffer_pool_get_config(owned.get());
  gst_buffer_pool_config_set_params(config, caps, size, min, max);
  if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr))
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_set_config(owned.get(), config);
  if (offered)
    gst_query_set_nth_allocation_pool(query, 0, owned.get(), size, min, max);
  else
    gst_query_add_allocation_pool(query, owned.get(), size, min, max);
  return GST_BASE_SRC_CLASS(gst_ekya_test_src_parent_class)->decide_allocation(base, query);
}

static void gst_ekya_test_src_get_times(GstBaseSrc* base, GstBuffer* buffer, GstClockTime* start, GstClockTime* end) {
  *start = *end = GST_CLOCK_TIME_NONE;
  if (!gst_base_src_is_live(base)) return;
  *start = GST_BUFFER_PTS(buffer);
  *end = *start + GST_BUFFER_DURATION(buffer);
}

static gboolean gst_ekya_test_src_is_seekable(GstBaseSrc* base) { return !gst_base_src_is_live(base); }

static gboolean gst_ekya_test_src_do_seek(GstBaseSrc* base, GstSegment* segment) {
  return guarded(base, FALSE, [&] { return static_cast<gboolean>(impl(base).seek(segment)); });
}

static gboolean gst_ekya_test_src_query(GstBaseSrc* base, GstQuery* query) {
  if (guarded(base, false, [&] { return impl(base).answer(query); })) return TRUE;
  return GST_BASE_SRC_CLASS(gst_ekya_test_src_parent_class)->query(base, query);
}

static GstFlowReturn gst_ekya_test_src_fill(GstPushSrc* push, GstBuffer* buffer) {
  return guarded(push, GST_FLOW_ERROR, [&] { return impl(push).fill(buffer); });
}

static void install_properties(GObjectClass* object_class) {
  constexpr auto kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties().install(object_class);
  auto* label = g_param_spec_string("label", "label", "Name of a class", nullptr, kReadOnly);
  g_object_class_install_property(
      object_class, labels_id(),
      gst_param_spec_array("labels", "labels", "Names of the classes, in the order of label_id", label, kReadOnly));
  g_object_class_install_property(
      object_class, stats_id(),
      g_param_spec_boxed("stats", "stats", "Frames and regions since the start, level of the drift, time of a frame",
                         GST_TYPE_STRUCTURE, kReadOnly));
}

static void gst_ekya_test_src_class_init(GstEkyaTestSrcClass* klass) {
  GST_DEBUG_CATEGORY_INIT(gst_ekya_test_src_debug, "ekyatestsrc", 0, "Test camera with a drifting scene");
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_ekya_test_src_finalize;
  object_class->set_property = gst_ekya_test_src_set_property;
  object_class->get_property = gst_ekya_test_src_get_property;
  install_properties(object_class);

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = gst_ekya_test_src_change_state;
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Ekya test source", "Source/Video",
                                        "A test camera whose scene drifts, with ground truth",
                                        "Ekya for GStreamer developers");
  gst_type_mark_as_plugin_api(gst_ekya_test_src_weather_get_type(), GstPluginAPIFlags{});
  gst_type_mark_as_plugin_api(gst_ekya_test_src_weather_after_get_type(), GstPluginAPIFlags{});
  gst_type_mark_as_plugin_api(gst_ekya_test_src_drift_get_type(), GstPluginAPIFlags{});

  auto* base_class = GST_BASE_SRC_CLASS(klass);
  base_class->fixate = gst_ekya_test_src_fixate;
  base_class->set_caps = gst_ekya_test_src_set_caps;
  base_class->decide_allocation = gst_ekya_test_src_decide_allocation;
  base_class->get_times = gst_ekya_test_src_get_times;
  base_class->is_seekable = gst_ekya_test_src_is_seekable;
  base_class->do_seek = gst_ekya_test_src_do_seek;
  base_class->query = gst_ekya_test_src_query;
  GST_PUSH_SRC_CLASS(klass)->fill = gst_ekya_test_src_fill;
}
