// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scheduler_bench.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ekyascheduler/gstekyaschedulerelement.h"

namespace {

struct BareElement {
  GstElement parent;
};
struct BareElementClass {
  GstElementClass parent;
};

G_DEFINE_TYPE(BareElement, bare_element, GST_TYPE_ELEMENT)
void bare_element_init(BareElement*) {}
void bare_element_class_init(BareElementClass*) {}

}  // namespace

namespace ekya::gst::testing {
namespace {

std::string describe(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING || GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    const bool warning = GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING;
    if (warning)
      gst_message_parse_warning(message, &error, nullptr);
    else
      gst_message_parse_error(message, &error, nullptr);
    const ErrorPtr owner(error);
    return std::string(warning ? "WARNING " : "ERROR ") + error->message;
  }
  const GstStructure* structure = gst_message_get_structure(message);
  if (!structure) return GST_MESSAGE_TYPE_NAME(message);
  const StringPtr text(gst_structure_to_string(structure));
  return std::string(GST_MESSAGE_TYPE_NAME(message)) + " " + text.get();
}

}  // namespace

bool eventually(const std::function<bool()>& done, double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

int threads_named(const std::string& name) {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string found;
    std::getline(std::ifstream(task.path() / "comm") >> std::ws, found);
    count += found == name;
  }
  return count;
}

StructurePtr structure(const std::string& text) {
  return StructurePtr(gst_structure_from_string(text.c_str(), nullptr));
}

/// Lists of structures cannot be written in a text that every GStreamer reads alike, so they are appended.
static void add_config(GstStructure* request, GstStructure* config) {
  GValue list = G_VALUE_INIT, item = G_VALUE_INIT;
  const GValue* known = gst_structure_get_value(request, "configs");
  g_value_init(&list, GST_TYPE_LIST);
  if (known) g_value_copy(known, &list);
  g_value_init(&item, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&item, config);
  gst_value_list_append_and_take_value(&list, &item);
  gst_structure_take_value(request, "configs", &list);
}

static StructurePtr request_of(const std::string& stream, const char* kind, const std::string& client) {
  return StructurePtr(gst_structure_new("ekya-share-request", "stream-id", G_TYPE_STRING, stream.c_str(), "kind",
                                        G_TYPE_STRING, kind, "client", G_TYPE_STRING, client.c_str(), "reason",
                                        G_TYPE_STRING, "join", nullptr));
}

StructurePtr inference_request(const std::string& stream, double demand, const std::string& client) {
  StructurePtr request = request_of(stream, "inference", client);
  for (const auto& [id, part, factor] : {std::tuple{"full", 1.0, 1.0}, {"half", 0.5, 0.8}})
    add_config(request.get(), gst_structure_new("config", "id", G_TYPE_STRING, id, "demand", G_TYPE_DOUBLE,
                                                demand * part, "factor", G_TYPE_DOUBLE, factor, nullptr));
  return request;
}

StructurePtr retraining_request(const std::string& stream, const std::string& client) {
  StructurePtr request = request_of(stream, "retraining", client);
  gst_structure_set(request.get(), "accuracy", G_TYPE_DOUBLE, 0.5, nullptr);
  add_config(request.get(),
             gst_structure_new("config", "id", G_TYPE_STRING, "e5", "work", G_TYPE_DOUBLE, 10.0, "accuracy",
                               G_TYPE_DOUBLE, 0.9, "max-share", G_TYPE_DOUBLE, 1.0, nullptr));
  return request;
}

StructurePtr labelling_request(const std::string& stream, double demand, const std::string& client) {
  StructurePtr request = request_of(stream, "labelling", client);
  gst_structure_set(request.get(), "demand", G_TYPE_DOUBLE, demand, nullptr);
  return request;
}

double number(const GstStructure* structure, const char* field) {
  double value = -99;
  if (structure) gst_structure_get_double(structure, field, &value);
  return value;
}

std::string text(const GstStructure* structure, const char* field) {
  const gchar* value = structure ? gst_structure_get_string(structure, field) : nullptr;
  return value ? value : "";
}

std::string outcome(GstEkyaScheduler* scheduler, const GstStructure* request) {
  GError* error = nullptr;
  const StructurePtr grant(gst_ekya_scheduler_request(scheduler, request, &error));
  const ErrorPtr owner(error);
  if (grant && error) return "a grant and an error";
  return grant ? "granted" : error ? error->message : "neither a grant nor an error";
}

GstElement* make_bare_element(const char* name) {
  return GST_ELEMENT(g_object_new(bare_element_get_type(), "name", name, nullptr));
}

Ears::Ears(gpointer object, const char* signal) : object_(gst_object_ref(object)) {
  const auto hear = +[](gpointer, const GstStructure* structure, gpointer self) {
    const StringPtr text(gst_structure_to_string(structure));
    auto* ears = static_cast<Ears*>(self);
    MutexLock lock(ears->mutex_);
    ears->heard_.emplace_back(text.get());
  };
  handler_ = g_signal_connect(object, signal, G_CALLBACK(hear), this);
}

/// Disconnecting does not wait for a call that is under way, so nothing may be due when ears end.
Ears::~Ears() {
  g_signal_handler_disconnect(object_, handler_);
  gst_object_unref(object_);
}

std::vector<std::string> Ears::heard() const {
  MutexLock lock(mutex_);
  return heard_;
}

std::size_t Ears::count(const std::string& part) const {
  MutexLock lock(mutex_);
  return std::count_if(heard_.begin(), heard_.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

Pipeline::Pipeline(OnMessage on_message)
    : pipeline_(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new("pipeline")))), on_message_(std::move(on_message)) {
  GstBus* bus = gst_element_get_bus(pipeline_.get());
  gst_bus_set_sync_handler(bus, hear, this, nullptr);
  gst_object_unref(bus);
}

Pipeline::~Pipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  GstBus* bus = gst_element_get_bus(pipeline_.get());
  gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
  gst_bus_set_flushing(bus, TRUE);
  gst_object_unref(bus);
}

GstBusSyncReply Pipeline::hear(GstBus*, GstMessage* message, gpointer self) {
  auto* pipeline = static_cast<Pipeline*>(self);
  {
    MutexLock lock(pipeline->mutex_);
    pipeline->heard_.push_back(describe(message));
  }
  const GstBusSyncReply reply = pipeline->on_message_ ? pipeline->on_message_(message) : GST_BUS_PASS;
  if (reply == GST_BUS_DROP) gst_message_unref(message);  // A handler that drops a message owns it.
  return reply;
}

GstElement* Pipeline::add(GstElement* element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element);
  return element;
}

GstElement* Pipeline::add_scheduler(const char* name) { return add(gst_element_factory_make("ekyascheduler", name)); }

GstStateChangeReturn Pipeline::set_state(GstState state) { return gst_element_set_state(pipeline_.get(), state); }

std::size_t Pipeline::count(const std::string& part) const {
  MutexLock lock(mutex_);
  return std::count_if(heard_.begin(), heard_.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

std::string Pipeline::all() const {
  MutexLock lock(mutex_);
  std::string lines;
  for (const std::string& line : heard_) lines += line + "\n";
  return lines;
}

SchedulerPtr scheduler_of(GstElement* element) {
  GstEkyaScheduler* scheduler = nullptr;
  g_object_get(element, "scheduler", &scheduler, nullptr);
  return SchedulerPtr(scheduler);
}

GstPromise* promise_of(GstMessage* message) {
  const GstStructure* request = gst_message_get_structure(message);
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !gst_structure_has_name(request, "ekya-share-request"))
    return nullptr;
  const GValue* reply = gst_structure_get_value(request, "reply");
  return reply && G_VALUE_HOLDS(reply, GST_TYPE_PROMISE) ? GST_PROMISE(g_value_get_boxed(reply)) : nullptr;
}

}  // namespace ekya::gst::testing
