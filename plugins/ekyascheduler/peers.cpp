// SPDX-License-Identifier: LGPL-2.1-or-later
#include "peers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ekya/base/mutex.h"

namespace ekya::gst {
namespace {

struct Peer {
  GstElement* element;  ///< Not owned: it takes itself out before it dies.
  GstObject* pipeline;  ///< Its address alone matters.
  std::string name;
};

Mutex mutex;
std::vector<Peer>& peers() EKYA_REQUIRES(mutex) {
  static auto& all = *new std::vector<Peer>;  // Never destroyed: threads may outlive main().
  return all;
}

auto find(GstElement* element) EKYA_REQUIRES(mutex) {
  return std::find_if(peers().begin(), peers().end(), [&](const Peer& p) { return p.element == element; });
}

const Peer* leader_of(GstObject* pipeline) EKYA_REQUIRES(mutex) {
  const Peer* first = nullptr;
  for (const Peer& peer : peers())
    if (peer.pipeline == pipeline && (!first || peer.name < first->name)) first = &peer;
  return first;
}

GstElement* reference(const Peer* peer) { return peer ? GST_ELEMENT(gst_object_ref(peer->element)) : nullptr; }

}  // namespace

void Peers::add(GstElement* element, GstObject* pipeline) {
  gchar* name = gst_object_get_name(GST_OBJECT(element));
  {
    MutexLock lock(mutex);
    peers().push_back({element, pipeline, name});
  }
  g_free(name);
}

GstElement* Peers::remove(GstElement* element) {
  MutexLock lock(mutex);
  const auto found = find(element);
  if (found == peers().end()) return nullptr;
  GstObject* const pipeline = found->pipeline;
  const bool led = leader_of(pipeline)->element == element;
  peers().erase(found);
  return led ? reference(leader_of(pipeline)) : nullptr;
}

bool Peers::leads(GstElement* element) {
  MutexLock lock(mutex);
  const auto found = find(element);
  return found != peers().end() && leader_of(found->pipeline)->element == element;
}

GstElement* Peers::other(GstElement* element) {
  MutexLock lock(mutex);
  const auto found = find(element);
  if (found == peers().end()) return nullptr;
  for (const Peer& peer : peers())
    if (peer.pipeline == found->pipeline && peer.element != element) return reference(&peer);
  return nullptr;
}

}  // namespace ekya::gst
