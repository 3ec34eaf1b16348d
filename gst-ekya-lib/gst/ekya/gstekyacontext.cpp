// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:gstekyacontext
 * @title: Scheduler context
 * @short_description: how elements find the shared scheduler
 *
 * As GStreamer's elements find a GL display: what is set already, else what the neighbours have, else `need-context`,
 * else the process's default scheduler, announced with `have-context`.
 */
#include "gstekyacontext.h"

namespace {

constexpr char kField[] = "scheduler";

bool is_ours(GstContext* context) {
  return context && gst_context_has_context_type(context, GST_EKYA_SCHEDULER_CONTEXT_TYPE);
}

/// Moves the context's scheduler into `place`, if it holds another one.
void adopt(GstContext* context, GstEkyaScheduler** place) {
  GstEkyaScheduler* found = gst_context_get_ekya_scheduler(context);
  if (!found) return;
  GstEkyaScheduler* before = *place;
  *place = found;
  if (before) gst_object_unref(before);
}

/// Sets the context on the element, as a bin would, and takes the scheduler where the element did not do so itself.
void receive(GstElement* element, GstContext* context, GstEkyaScheduler** place) {
  gst_element_set_context(element, context);
  if (!*place) adopt(context, place);
}

gboolean query_peer(GstElement*, GstPad* pad, gpointer query) {
  // FALSE ends the iteration.
  return !gst_pad_peer_query(pad, GST_QUERY(query));
}

void ask_neighbours(GstElement* element, GstEkyaScheduler** place) {
  GstQuery* query = gst_query_new_context(GST_EKYA_SCHEDULER_CONTEXT_TYPE);
  const bool answered = !gst_element_foreach_src_pad(element, query_peer, query) ||
                        !gst_element_foreach_sink_pad(element, query_peer, query);
  GstContext* context = nullptr;
  if (answered) gst_query_parse_context(query, &context);
  if (is_ours(context)) receive(element, context, place);
  gst_query_unref(query);
}

void use_known_context(GstElement* element, GstEkyaScheduler** place) {
  GstContext* context = gst_element_get_context(element, GST_EKYA_SCHEDULER_CONTEXT_TYPE);
  if (!context) return;
  adopt(context, place);
  gst_context_unref(context);
}

/// A bin or an application answers while the message is posted, by gst_element_set_context().
void ask_the_bus(GstElement* element, GstEkyaScheduler** place) {
  gst_element_post_message(element, gst_message_new_need_context(GST_OBJECT(element), GST_EKYA_SCHEDULER_CONTEXT_TYPE));
  if (!*place) use_known_context(element, place);
}

GstObject* top_of(GstElement* element) {
  auto* top = GST_OBJECT(gst_object_ref(element));
  while (GstObject* parent = gst_object_get_parent(top)) {
    gst_object_unref(top);
    top = parent;
  }
  return top;
}

/// Keeps the element that comes first by name: of several `ekyascheduler` that one wins.
gboolean keep_first(const GValue* item, GValue*, gpointer place) {
  auto* element = GST_ELEMENT(g_value_get_object(item));
  auto** first = static_cast<GstElement**>(place);
  gchar* name = gst_object_get_name(GST_OBJECT(element));
  gchar* known = *first ? gst_object_get_name(GST_OBJECT(*first)) : nullptr;
  if (!known || g_strcmp0(name, known) < 0)
    gst_object_replace(reinterpret_cast<GstObject**>(first), GST_OBJECT(element));
  g_free(name);
  g_free(known);
  return TRUE;
}

/// A new reference on the `ekyascheduler` of the bin, or null.
GstElement* scheduler_element_in(GstBin* bin) {
  GstElement* first = nullptr;
  GstIterator* all = gst_bin_iterate_all_by_element_factory_name(bin, "ekyascheduler");
  // Elements that come or go meanwhile start the walk again.
  while (gst_iterator_fold(all, keep_first, nullptr, &first) == GST_ITERATOR_RESYNC) {
    gst_clear_object(&first);
    gst_iterator_resync(all);
  }
  gst_iterator_free(all);
  return first;
}

/// An `ekyascheduler` that is not started yet has announced nothing: a bin starts its elements in any order.
void ask_the_scheduler_element(GstElement* element, GstEkyaScheduler** place) {
  GstObject* top = top_of(element);
  if (GstElement* owner = GST_IS_BIN(top) ? scheduler_element_in(GST_BIN(top)) : nullptr) {
    g_object_get(owner, "scheduler", place, nullptr);
    gst_object_unref(owner);
  }
  gst_object_unref(top);
}

void announce(GstElement* element, GstEkyaScheduler* scheduler) {
  GstContext* context = gst_context_new_ekya_scheduler(scheduler);
  gst_element_set_context(element, context);
  gst_element_post_message(element, gst_message_new_have_context(GST_OBJECT(element), context));
}

}  // namespace

/**
 * gst_context_new_ekya_scheduler:
 * @scheduler: the scheduler
 *
 * Returns: (transfer full): a persistent context of the type %GST_EKYA_SCHEDULER_CONTEXT_TYPE
 */
GstContext* gst_context_new_ekya_scheduler(GstEkyaScheduler* scheduler) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(scheduler), nullptr);
  GstContext* context = gst_context_new(GST_EKYA_SCHEDULER_CONTEXT_TYPE, TRUE);
  gst_structure_set(gst_context_writable_structure(context), kField, GST_TYPE_EKYA_SCHEDULER, scheduler, nullptr);
  return context;
}

/**
 * gst_context_get_ekya_scheduler:
 * @context: a context of any type
 *
 * Returns: (transfer full) (nullable): its scheduler; %NULL where it holds none
 */
GstEkyaScheduler* gst_context_get_ekya_scheduler(GstContext* context) {
  g_return_val_if_fail(GST_IS_CONTEXT(context), nullptr);
  GstEkyaScheduler* scheduler = nullptr;
  if (is_ours(context))
    gst_structure_get(gst_context_get_structure(context), kField, GST_TYPE_EKYA_SCHEDULER, &scheduler, nullptr);
  return scheduler;
}

/**
 * gst_ekya_ensure_scheduler: (skip)
 * @element: the element that looks for a scheduler; in a pipeline or not
 * @scheduler: (inout) (transfer full): where the element keeps it; replaced when it is %NULL
 *
 * Call it in the change from NULL to READY, without a lock. @scheduler may be the place that the element's
 * `set_context` writes to by gst_ekya_handle_set_context().
 *
 * Returns: %TRUE; there is always a scheduler to be had
 */
gboolean gst_ekya_ensure_scheduler(GstElement* element, GstEkyaScheduler** scheduler) {
  g_return_val_if_fail(GST_IS_ELEMENT(element), FALSE);
  g_return_val_if_fail(scheduler, FALSE);
  if (!*scheduler) use_known_context(element, scheduler);
  if (!*scheduler) ask_neighbours(element, scheduler);
  if (!*scheduler) ask_the_bus(element, scheduler);
  if (!*scheduler) ask_the_scheduler_element(element, scheduler);
  if (*scheduler) return TRUE;
  GstEkyaScheduler* made = gst_ekya_scheduler_get_for_group(nullptr);
  announce(element, made);
  if (*scheduler) {
    gst_object_unref(made);  // The element took it when it was announced.
  } else {
    *scheduler = made;
  }
  return TRUE;
}

/**
 * gst_ekya_handle_set_context: (skip)
 * @element: the element
 * @context: (nullable): what it was given
 * @scheduler: (inout) (transfer full): where the element keeps its scheduler
 *
 * For #GstElementClass.set_context: takes the scheduler when the context is ours.
 *
 * Returns: whether @scheduler is set now
 */
gboolean gst_ekya_handle_set_context(GstElement* element, GstContext* context, GstEkyaScheduler** scheduler) {
  g_return_val_if_fail(GST_IS_ELEMENT(element), FALSE);
  g_return_val_if_fail(scheduler, FALSE);
  if (is_ours(context)) adopt(context, scheduler);
  return *scheduler != nullptr;
}

/**
 * gst_ekya_handle_context_query: (skip)
 * @element: the element
 * @query: a query of any type
 * @scheduler: (nullable): its scheduler
 *
 * Returns: %TRUE when the query asked for the scheduler's context and was answered
 */
gboolean gst_ekya_handle_context_query(GstElement* element, GstQuery* query, GstEkyaScheduler* scheduler) {
  g_return_val_if_fail(GST_IS_ELEMENT(element), FALSE);
  g_return_val_if_fail(GST_IS_QUERY(query), FALSE);
  const gchar* type = nullptr;
  if (!scheduler || GST_QUERY_TYPE(query) != GST_QUERY_CONTEXT || !gst_query_parse_context_type(query, &type) ||
      g_strcmp0(type, GST_EKYA_SCHEDULER_CONTEXT_TYPE) != 0)
    return FALSE;
  GstContext* context = gst_context_new_ekya_scheduler(scheduler);
  gst_query_set_context(query, context);
  gst_context_unref(context);
  return TRUE;
}
