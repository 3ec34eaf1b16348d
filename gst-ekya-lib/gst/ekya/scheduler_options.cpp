// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scheduler_options.h"

#include <cstring>
#include <iterator>
#include <string>

#include "ekya/scheduler/device_list.h"

namespace ekya::gst {
namespace {

using scheduler::ControllerOptions;

constexpr auto kFlags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);

Status set_devices(ControllerOptions& options, const std::string& text) {
  auto devices = scheduler::parse_devices(text);
  if (!devices) return devices.error();
  for (scheduler::Device& device : *devices) device.throughput = options.devices.front().throughput;
  options.devices = *std::move(devices);
  return {};
}

Status set_curve(ControllerOptions& options, const std::string& text) {
  const auto curve = scheduler::parse_curve(text);
  if (!curve) return curve.error();
  for (scheduler::Device& device : options.devices) device.throughput = *curve;
  return {};
}

/// A property that is a text.
struct TextOption {
  const char *name, *blurb;
  Status (*set)(ControllerOptions&, const std::string&);
  std::string (*get)(const ControllerOptions&);
};

/// A property that is a number.
struct NumberOption {
  const char *name, *blurb;
  double low, high;
  void (*set)(ControllerOptions&, double);
  double (*get)(const ControllerOptions&);
};

/**
 * GstEkyaScheduler:policy:
 *
 * How windows are planned. A name that is not known changes nothing; gst_ekya_scheduler_set_option() tells why.
 */
/**
 * GstEkyaScheduler:devices:
 *
 * The devices that are shared out: `ID[=CAPACITY][/MEMORY_MB]`, separated by commas.
 */
/**
 * GstEkyaScheduler:throughput-curve:
 *
 * What a retraining job reaches at a share of any of the devices: `SHARE:SPEED`, separated by commas, the speed in
 * units of a whole device's. Empty: the speed is the share.
 */
constexpr TextOption kTexts[] = {
    {"policy", "How windows are planned",
     [](ControllerOptions& options, const std::string& text) {
       options.policy = text;
       return Status{};
     },
     [](const ControllerOptions& options) { return options.policy; }},
    {"devices", "Devices that are shared out, ID[=CAPACITY][/MEMORY_MB] separated by commas", set_devices,
     [](const ControllerOptions& options) { return scheduler::device_list(options.devices); }},
    {"throughput-curve", "Speed of a retraining job by its share, SHARE:SPEED separated by commas; empty: linear",
     set_curve,
     [](const ControllerOptions& options) { return scheduler::curve_list(options.devices.front().throughput); }},
};

/**
 * GstEkyaScheduler:window-duration:
 *
 * The period that one plan covers, in seconds.
 */
/**
 * GstEkyaScheduler:quantum:
 *
 * The smallest share handed out, in devices.
 */
/**
 * GstEkyaScheduler:min-accuracy:
 *
 * The accuracy that live inference keeps at every instant where it can.
 */
/**
 * GstEkyaScheduler:risk:
 *
 * How many standard deviations worse than estimated a retraining's accuracy and work are planned.
 */
constexpr NumberOption kNumbers[] = {
    {"window-duration", "The period that one plan covers, in seconds", 0.1, 86400,
     [](ControllerOptions& options, double value) { options.window = Seconds{value}; },
     [](const ControllerOptions& options) { return options.window.count(); }},
    {"quantum", "The smallest share handed out, in devices", 0.01, 1,
     [](ControllerOptions& options, double value) { options.quantum = value; },
     [](const ControllerOptions& options) { return options.quantum; }},
    {"min-accuracy", "Accuracy that live inference keeps at every instant where it can", 0, 1,
     [](ControllerOptions& options, double value) { options.min_accuracy = value; },
     [](const ControllerOptions& options) { return options.min_accuracy; }},
    {"risk", "Standard deviations by which retrainings are planned worse than estimated", 0, 10,
     [](ControllerOptions& options, double value) { options.kappa = value; },
     [](const ControllerOptions& options) { return options.kappa; }},
};

constexpr guint kLastText = std::size(kTexts);
constexpr guint kLast = kLastText + std::size(kNumbers);

const char* name_of(guint id) { return id <= kLastText ? kTexts[id - 1].name : kNumbers[id - 1 - kLastText].name; }

}  // namespace

void install_options(GObjectClass* object_class) {
  const ControllerOptions defaults;
  guint id = 0;
  for (const TextOption& option : kTexts) {
    const std::string text = option.get(defaults);
    g_object_class_install_property(
        object_class, ++id,
        g_param_spec_string(option.name, option.name, option.blurb, text.empty() ? nullptr : text.c_str(), kFlags));
  }
  for (const NumberOption& option : kNumbers)
    g_object_class_install_property(object_class, ++id,
                                    g_param_spec_double(option.name, option.name, option.blurb, option.low, option.high,
                                                        option.get(defaults), kFlags));
}

bool is_option(guint id) { return id >= 1 && id <= kLast; }

guint option_id(const char* name) {
  for (guint id = 1; id <= kLast; ++id)
    if (std::strcmp(name, name_of(id)) == 0) return id;
  return 0;
}

Status set_option(ControllerOptions& options, guint id, const GValue* value) {
  const bool is_text = id <= kLastText;
  if (!G_VALUE_HOLDS(value, is_text ? G_TYPE_STRING : G_TYPE_DOUBLE))
    return Error{ErrorCode::kInvalidArgument,
                 std::string("is a ") + G_VALUE_TYPE_NAME(value) + ", not a " + (is_text ? "string" : "double")};
  if (!is_text) {
    kNumbers[id - 1 - kLastText].set(options, g_value_get_double(value));
    return {};
  }
  const gchar* text = g_value_get_string(value);
  return kTexts[id - 1].set(options, text ? text : "");
}

void get_option(const ControllerOptions& options, guint id, GValue* value) {
  if (id <= kLastText) {
    const std::string text = kTexts[id - 1].get(options);
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
  } else {
    g_value_set_double(value, kNumbers[id - 1 - kLastText].get(options));
  }
}

}  // namespace ekya::gst
