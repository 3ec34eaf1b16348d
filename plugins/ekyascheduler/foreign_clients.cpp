// SPDX-License-Identifier: LGPL-2.1-or-later
#include "foreign_clients.h"

#include <set>
#include <string>
#include <tuple>

#include "ekya/base/mutex.h"

namespace ekya::gst {
namespace {

using Identity = std::tuple<std::string, int, std::string>;  // stream, kind, client

/// Sits on the element as data and dies with it. The lock is for an element that asks in several threads.
class Tickets {
 public:
  explicit Tickets(GstEkyaScheduler* scheduler) { g_weak_ref_init(&scheduler_, scheduler); }
  Tickets(const Tickets&) = delete;
  Tickets& operator=(const Tickets&) = delete;

  ~Tickets() {
    auto* scheduler = static_cast<GstEkyaScheduler*>(g_weak_ref_get(&scheduler_));
    g_weak_ref_clear(&scheduler_);
    if (!scheduler) return;
    for (const auto& [stream, kind, client] : identities_)
      gst_ekya_scheduler_leave(scheduler, stream.c_str(), static_cast<GstEkyaClientKind>(kind), client.c_str());
    gst_object_unref(scheduler);
  }

  void add(Identity identity) {
    MutexLock lock(mutex_);
    identities_.insert(std::move(identity));
  }

 private:
  GWeakRef scheduler_;
  Mutex mutex_;
  std::set<Identity> identities_ EKYA_GUARDED_BY(mutex_);
};

int kind_of(const char* nick) {
  auto* kinds = static_cast<GEnumClass*>(g_type_class_ref(GST_TYPE_EKYA_CLIENT_KIND));
  const GEnumValue* value = nick ? g_enum_get_value_by_nick(kinds, nick) : nullptr;
  const int kind = value ? value->value : GST_EKYA_CLIENT_INFERENCE;
  g_type_class_unref(kinds);
  return kind;
}

std::string text(const GstStructure* grant, const char* field) {
  const gchar* value = gst_structure_get_string(grant, field);
  return value ? value : "";
}

Tickets& tickets_on(GObject* source, GstEkyaScheduler* scheduler) {
  static Mutex mutex;
  const GQuark quark = g_quark_from_static_string("gst-ekya-tickets");
  MutexLock lock(mutex);
  auto* tickets = static_cast<Tickets*>(g_object_get_qdata(source, quark));
  if (!tickets) {
    tickets = new Tickets(scheduler);
    g_object_set_qdata_full(source, quark, tickets, [](gpointer data) { delete static_cast<Tickets*>(data); });
  }
  return *tickets;
}

}  // namespace

void leave_with(GObject* source, GstEkyaScheduler* scheduler, const GstStructure* grant) {
  const int kind = kind_of(gst_structure_get_string(grant, "kind"));
  tickets_on(source, scheduler).add({text(grant, "stream-id"), kind, text(grant, "client")});
}

}  // namespace ekya::gst
