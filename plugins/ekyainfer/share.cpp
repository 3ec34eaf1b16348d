// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/share.h"

#include <utility>

#include "glue/ptr.h"

namespace ekya::gst::infer {
namespace {

void append_config(GValue* list, const IntervalConfig& config) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&value,
                     gst_structure_new("config", "id", G_TYPE_STRING, config_id(config.interval).c_str(), "demand",
                                       G_TYPE_DOUBLE, config.demand, "factor", G_TYPE_DOUBLE, config.factor, nullptr));
  gst_value_list_append_and_take_value(list, &value);
}

StructurePtr make_request(const char* reason, const std::vector<IntervalConfig>& configs) {
  GValue list = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_LIST);
  for (const auto& config : configs) append_config(&list, config);
  StructurePtr request(gst_structure_new("ekya-share-request", "reason", G_TYPE_STRING, reason, nullptr));
  gst_structure_take_value(request.get(), "configs", &list);
  return request;
}

void send(GstEkyaClient* client, StructurePtr request, const Share::Warn& warn) {
  GError* error = nullptr;
  if (gst_ekya_client_request(client, request.release(), &error)) return;
  const ErrorPtr owned(error);
  warn(std::string("The scheduler refused the request for a share: ") + (error ? error->message : "no reason given"));
}

}  // namespace

Share::Share(GstElement* element, GstEkyaScheduler* scheduler, const std::string& stream_id, Demand demand,
             std::shared_ptr<LoaderInbox> inbox, Warn warn)
    : client_(gst_ekya_client_new(element, scheduler, stream_id.c_str(), GST_EKYA_CLIENT_INFERENCE), Unref()),
      demand_(std::move(demand)),
      inbox_(std::move(inbox)),
      warn_(std::move(warn)) {}

Share::~Share() { gst_ekya_client_leave(client_.get()); }

void Share::ask(const char* reason, guint least_interval, Seconds now, bool aside) {
  asked_interval_ = least_interval;
  demand_.asked(now);
  StructurePtr request = make_request(reason, demand_.configs(least_interval));
  if (!aside) return send(client_.get(), std::move(request), warn_);
  // std::function wants something that can be copied.
  const auto shared = std::make_shared<StructurePtr>(std::move(request));
  inbox_->run([client = client_, shared, warn = warn_] { send(client.get(), std::move(*shared), warn); });
}

void Share::join(guint least_interval) {
  ask("join", least_interval, steady_now(), false);
  take_grant();
}

void Share::take_grant() {
  guint serial = 0;
  share_ = gst_ekya_client_get_share(client_.get(), &serial);
  if (serial == serial_) return;
  serial_ = serial;
  const StructurePtr grant(gst_ekya_client_get_grant(client_.get()));
  const gchar* config = grant ? gst_structure_get_string(grant.get(), "config") : nullptr;
  if (const auto interval = config ? interval_of(config) : std::nullopt) interval_ = *interval;
}

void Share::refresh(guint least_interval, Seconds now) {
  take_grant();
  const bool joined = serial_ > 0;
  if (least_interval == asked_interval_ && !demand_.worth_asking(now, joined)) return;
  ask(joined ? "update" : "join", least_interval, now, true);
}

}  // namespace ekya::gst::infer
