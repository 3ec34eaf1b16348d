// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "scheduler_bench.h"

namespace ekya::gst::testing {
namespace {

/// What an element of ours keeps, found as in NULL->READY.
SchedulerPtr ensure(GstElement* element) {
  GstEkyaScheduler* scheduler = nullptr;
  EXPECT_TRUE(gst_ekya_ensure_scheduler(element, &scheduler));
  return SchedulerPtr(scheduler);
}

SchedulerPtr default_scheduler() { return SchedulerPtr(gst_ekya_scheduler_get_for_group(nullptr)); }

MiniPtr<GstContext> context_of(GstEkyaScheduler* scheduler) {
  return MiniPtr<GstContext>(gst_context_new_ekya_scheduler(scheduler));
}

TEST(SchedulerContext, CarriesTheScheduler) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const auto context = context_of(scheduler.get());
  EXPECT_TRUE(gst_context_is_persistent(context.get()));
  EXPECT_STREQ(gst_context_get_context_type(context.get()), "gst.ekya.scheduler");
  EXPECT_EQ(SchedulerPtr(gst_context_get_ekya_scheduler(context.get())), scheduler);
  const MiniPtr<GstContext> other(gst_context_new("gst.gl.display", TRUE));
  EXPECT_EQ(gst_context_get_ekya_scheduler(other.get()), nullptr);
}

TEST(SchedulerContext, IsTheDefaultGroupsForAnElementWithoutAPipeline) {
  const ObjectPtr<GstElement> element(GST_ELEMENT(gst_object_ref_sink(make_bare_element("alone"))));
  EXPECT_EQ(ensure(element.get()), default_scheduler());
}

TEST(SchedulerContext, IsAnnouncedAndSharedInAPipelineWithoutAScheduler) {
  Pipeline pipeline;
  GstElement* one = pipeline.add(make_bare_element("one"));
  const SchedulerPtr first = ensure(one);
  EXPECT_EQ(pipeline.count("need-context"), 1u);
  EXPECT_EQ(pipeline.count("have-context"), 1u);
  EXPECT_EQ(first, ensure(pipeline.add(make_bare_element("two"))));
  EXPECT_EQ(pipeline.count("have-context"), 1u) << "the second one announced another";
  EXPECT_EQ(first, default_scheduler());
}

TEST(SchedulerContext, IsTheOneThatAnApplicationSets) {
  const SchedulerPtr own(gst_ekya_scheduler_new());
  Pipeline pipeline;
  gst_element_set_context(pipeline.get(), context_of(own.get()).get());
  EXPECT_EQ(ensure(pipeline.add(make_bare_element("one"))), own);
  EXPECT_EQ(pipeline.count("need-context"), 0u);
}

TEST(SchedulerContext, IsTheOneThatAnApplicationAnswersNeedContextWith) {
  const SchedulerPtr own(gst_ekya_scheduler_new());
  Pipeline pipeline([&](GstMessage* message) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_NEED_CONTEXT)
      gst_element_set_context(GST_ELEMENT(GST_MESSAGE_SRC(message)), context_of(own.get()).get());
    return GST_BUS_PASS;
  });
  EXPECT_EQ(ensure(pipeline.add(make_bare_element("one"))), own);
  EXPECT_EQ(pipeline.count("have-context"), 0u);
}

GstEkyaScheduler* neighbour_scheduler = nullptr;

gboolean answer_query(GstPad*, GstObject* parent, GstQuery* query) {
  return gst_ekya_handle_context_query(GST_ELEMENT(parent), query, neighbour_scheduler);
}

/// Two linked elements; the second answers context queries.
TEST(SchedulerContext, IsTheNeighbours) {
  const SchedulerPtr own(gst_ekya_scheduler_new());
  neighbour_scheduler = own.get();
  Pipeline pipeline;
  GstElement* one = pipeline.add(make_bare_element("one"));
  GstElement* two = pipeline.add(make_bare_element("two"));
  GstPad* src = gst_pad_new("src", GST_PAD_SRC);
  GstPad* sink = gst_pad_new("sink", GST_PAD_SINK);
  gst_pad_set_query_function(sink, answer_query);
  gst_element_add_pad(one, src);
  gst_element_add_pad(two, sink);
  ASSERT_EQ(gst_pad_link(src, sink), GST_PAD_LINK_OK);
  gst_pad_set_active(src, TRUE);
  gst_pad_set_active(sink, TRUE);
  EXPECT_EQ(ensure(one), own);
  EXPECT_EQ(pipeline.count("need-context"), 0u);
}

TEST(SchedulerContext, QueryOfAnotherTypeIsNotAnswered) {
  const ObjectPtr<GstElement> element(GST_ELEMENT(gst_object_ref_sink(make_bare_element("one"))));
  const SchedulerPtr own(gst_ekya_scheduler_new());
  const MiniPtr<GstQuery> display(gst_query_new_context("gst.gl.display"));
  const MiniPtr<GstQuery> latency(gst_query_new_latency());
  const MiniPtr<GstQuery> ours(gst_query_new_context(GST_EKYA_SCHEDULER_CONTEXT_TYPE));
  EXPECT_FALSE(gst_ekya_handle_context_query(element.get(), display.get(), own.get()));
  EXPECT_FALSE(gst_ekya_handle_context_query(element.get(), latency.get(), own.get()));
  EXPECT_FALSE(gst_ekya_handle_context_query(element.get(), ours.get(), nullptr));
  EXPECT_TRUE(gst_ekya_handle_context_query(element.get(), ours.get(), own.get()));
}

TEST(SchedulerContext, ReplacesTheSchedulerThatAnElementKeeps) {
  const ObjectPtr<GstElement> element(GST_ELEMENT(gst_object_ref_sink(make_bare_element("one"))));
  const SchedulerPtr one(gst_ekya_scheduler_new()), two(gst_ekya_scheduler_new());
  GstEkyaScheduler* kept = nullptr;
  const MiniPtr<GstContext> display(gst_context_new("gst.gl.display", TRUE));
  EXPECT_FALSE(gst_ekya_handle_set_context(element.get(), display.get(), &kept));
  EXPECT_TRUE(gst_ekya_handle_set_context(element.get(), context_of(one.get()).get(), &kept));
  EXPECT_TRUE(gst_ekya_handle_set_context(element.get(), context_of(two.get()).get(), &kept));
  EXPECT_EQ(kept, two.get());
  EXPECT_EQ(G_OBJECT(one.get())->ref_count, 1u);
  gst_object_unref(kept);
}

// States change in any order, so an element may look for the scheduler before the ekyascheduler has started.
TEST(SchedulerContext, IsThatOfAnEkyaschedulerThatHasNotStartedYet) {
  Pipeline pipeline;
  GstElement* scheduler = pipeline.add_scheduler();
  g_object_set(scheduler, "scheduler-group", "early", nullptr);
  const SchedulerPtr found = ensure(pipeline.add(make_bare_element("one")));
  EXPECT_EQ(found, scheduler_of(scheduler));
  EXPECT_EQ(found, SchedulerPtr(gst_ekya_scheduler_get_for_group("early")));
  ASSERT_EQ(pipeline.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  EXPECT_EQ(found, scheduler_of(scheduler));
}

}  // namespace
}  // namespace ekya::gst::testing
