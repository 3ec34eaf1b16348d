// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "scheduler_bench.h"

namespace ekya::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Wrong {
  const char* name;
  const char* field;  ///< Must be in the message.
  std::function<void(GstStructure*)> spoil;
};

void set(GstStructure* s, const char* field, double value) {
  gst_structure_set(s, field, G_TYPE_DOUBLE, value, nullptr);
}

void set(GstStructure* s, const char* field, const std::string& value) {
  gst_structure_set(s, field, G_TYPE_STRING, value.c_str(), nullptr);
}

/// Changes a field of the first config.
std::function<void(GstStructure*)> in_config(const std::function<void(GstStructure*)>& spoil) {
  return [spoil](GstStructure* request) {
    GValue list = G_VALUE_INIT, item = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_LIST);
    StructurePtr config(gst_structure_copy(
        gst_value_get_structure(gst_value_list_get_value(gst_structure_get_value(request, "configs"), 0))));
    spoil(config.get());
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, config.release());
    gst_value_list_append_and_take_value(&list, &item);
    gst_structure_take_value(request, "configs", &list);
  };
}

std::function<void(GstStructure*)> with_configs(int count) {
  return [count](GstStructure* request) {
    GValue list = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_LIST);
    for (int i = 0; i < count; ++i) {
      GValue item = G_VALUE_INIT;
      g_value_init(&item, GST_TYPE_STRUCTURE);
      g_value_take_boxed(&item, gst_structure_new("config", "id", G_TYPE_STRING, std::to_string(i).c_str(), "demand",
                                                  G_TYPE_DOUBLE, 0.1, "factor", G_TYPE_DOUBLE, 0.5, nullptr));
      gst_value_list_append_and_take_value(&list, &item);
    }
    gst_structure_take_value(request, "configs", &list);
  };
}

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

const Wrong kWrongInference[] = {
    {"another name", "ekya-share-request", [](auto* s) { gst_structure_set_name(s, "ekya-share-grant"); }},
    {"no stream", "stream-id", [](auto* s) { gst_structure_remove_field(s, "stream-id"); }},
    {"path as stream", "stream-id", [](auto* s) { set(s, "stream-id", "../x"); }},
    {"empty stream", "stream-id", [](auto* s) { set(s, "stream-id", ""); }},
    {"long stream", "stream-id", [](auto* s) { set(s, "stream-id", std::string(65, 'a')); }},
    {"huge stream", "stream-id", [](auto* s) { set(s, "stream-id", std::string(1 << 20, 'a')); }},
    {"number as stream", "stream-id", [](auto* s) { set(s, "stream-id", 1.0); }},
    {"no kind", "kind", [](auto* s) { gst_structure_remove_field(s, "kind"); }},
    {"unknown kind", "kind", [](auto* s) { set(s, "kind", "dancing"); }},
    {"no client", "client", [](auto* s) { gst_structure_remove_field(s, "client"); }},
    {"escape in client", "client", [](auto* s) { set(s, "client", "a\x1b[31m"); }},
    {"long client", "client", [](auto* s) { set(s, "client", std::string(129, 'a')); }},
    {"long reason", "reason", [](auto* s) { set(s, "reason", std::string(1 << 20, 'r')); }},
    {"number as reason", "reason", [](auto* s) { set(s, "reason", 1.0); }},
    {"text as accuracy", "accuracy", [](auto* s) { set(s, "accuracy", "0.5"); }},
    {"NaN as accuracy", "accuracy", [](auto* s) { set(s, "accuracy", kNan); }},
    {"accuracy above one", "accuracy", [](auto* s) { set(s, "accuracy", 1.01); }},
    {"no configs", "configs", [](auto* s) { gst_structure_remove_field(s, "configs"); }},
    {"text as configs", "configs", [](auto* s) { set(s, "configs", "full"); }},
    {"list of texts", "configs[0]",
     [](auto* s) {
       GValue list = G_VALUE_INIT, item = G_VALUE_INIT;
       g_value_init(&list, GST_TYPE_LIST);
       g_value_init(&item, G_TYPE_STRING);
       g_value_set_string(&item, "full");
       gst_value_list_append_and_take_value(&list, &item);
       gst_structure_take_value(s, "configs", &list);
     }},
    {"empty list", "configs", with_configs(0)},
    {"65 configs", "configs", with_configs(65)},
    {"config without id", "configs[0].id", in_config([](auto* s) { gst_structure_remove_field(s, "id"); })},
    {"huge id", "configs[0].id", in_config([](auto* s) { set(s, "id", std::string(1 << 20, 'x')); })},
    {"text as demand", "configs[0].demand", in_config([](auto* s) { set(s, "demand", "0.5"); })},
    {"NaN as demand", "configs[0].demand", in_config([](auto* s) { set(s, "demand", kNan); })},
    {"infinite demand", "configs[0].demand", in_config([](auto* s) { set(s, "demand", kInfinity); })},
    {"negative demand", "configs[0].demand", in_config([](auto* s) { set(s, "demand", -1.0); })},
    {"1e308 as demand", "configs[0].demand", in_config([](auto* s) { set(s, "demand", 1e308); })},
    {"factor above one", "configs[0].factor", in_config([](auto* s) { set(s, "factor", 1.5); })},
    {"no weight", "weight", [](auto* s) { set(s, "weight", 0.0); }},
    {"huge weight", "weight", [](auto* s) { set(s, "weight", 1e7); }},
    {"floor above one", "min-accuracy", [](auto* s) { set(s, "min-accuracy", 1.1); }},
    {"NaN as cached accuracy", "cached-accuracy", [](auto* s) { set(s, "cached-accuracy", kNan); }},
    {"negative upload", "upload", [](auto* s) { set(s, "upload", -1.0); }},
    {"text as model size", "model-size", [](auto* s) { set(s, "model-size", "1"); }},
    {"no factor", "configs[0].factor", in_config([](auto* s) { gst_structure_remove_field(s, "factor"); })},
};

TEST(ShareRequest, IsRefusedWithTheFieldsNameWhenAFieldIsWrong) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  for (const Wrong& row : kWrongInference) {
    SCOPED_TRACE(row.name);
    const StructurePtr request = inference_request("cam0", 0.5);
    row.spoil(request.get());
    const std::string message = outcome(scheduler.get(), request.get());
    EXPECT_THAT(message, HasSubstr(row.field));
    EXPECT_LT(message.size(), 400u);
  }
  EXPECT_EQ(threads_named("ekya-scheduler"), 0) << "a refused request needs no thread";
}

const Wrong kWrongRetraining[] = {
    {"no work", "configs[0].work", in_config([](auto* s) { gst_structure_remove_field(s, "work"); })},
    {"no work to do", "work", in_config([](auto* s) { set(s, "work", 0.0); })},
    {"negative work", "configs[0].work", in_config([](auto* s) { set(s, "work", -1.0); })},
    {"accuracy above one", "configs[0].accuracy", in_config([](auto* s) { set(s, "accuracy", 2.0); })},
    {"NaN as max-share", "configs[0].max-share", in_config([](auto* s) { set(s, "max-share", kNan); })},
    {"negative memory", "configs[0].memory", in_config([](auto* s) { set(s, "memory", -1.0); })},
    {"infinite deviation", "configs[0].work-deviation",
     in_config([](auto* s) { set(s, "work-deviation", kInfinity); })},
    {"deviation above one", "configs[0].accuracy-deviation",
     in_config([](auto* s) { set(s, "accuracy-deviation", 1.5); })},
    {"unknown config runs", "running", [](auto* s) { set(s, "running", "e9"); }},
    {"number as running", "running", [](auto* s) { set(s, "running", 1.0); }},
};

TEST(ShareRequest, OfARetrainerIsRefusedWithTheFieldsNameWhenAFieldIsWrong) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  for (const Wrong& row : kWrongRetraining) {
    SCOPED_TRACE(row.name);
    const StructurePtr request = retraining_request("cam0");
    row.spoil(request.get());
    EXPECT_THAT(outcome(scheduler.get(), request.get()), HasSubstr(row.field));
  }
}

TEST(ShareRequest, OfALabellerNeedsADemand) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  for (const double demand : {kNan, -0.1, 1e308, kInfinity}) {
    SCOPED_TRACE(demand);
    EXPECT_THAT(outcome(scheduler.get(), labelling_request("cam0", demand).get()), StartsWith("field demand"));
  }
}

TEST(ShareRequest, MayLeaveOutWhatIsOptionalAndSayMoreThanIsKnown) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const StructurePtr request = retraining_request("cam0");
  gst_structure_remove_fields(request.get(), "configs", "reason", "accuracy", nullptr);
  set(request.get(), "running", "");
  set(request.get(), "colour", std::string(1 << 20, 'c'));
  EXPECT_EQ(outcome(scheduler.get(), request.get()), "granted");
  EXPECT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  EXPECT_EQ(outcome(scheduler.get(), labelling_request("cam0", 0.1).get()), "granted");
}

struct WrongField {
  const char* field;
  std::function<void(GstStructure*)> spoil;
};

StructurePtr checkpoint(guint64 generation) {
  return StructurePtr(gst_structure_new("ekya-checkpoint", "stream-id", G_TYPE_STRING, "cam0", "path", G_TYPE_STRING,
                                        "/state/1.safetensors", "generation", G_TYPE_UINT64, generation, "accuracy",
                                        G_TYPE_DOUBLE, 0.8, "status", G_TYPE_STRING, "published", nullptr));
}

TEST(Checkpoint, IsRefusedWithTheFieldsNameWhenAFieldIsWrong) {
  const WrongField rows[] = {
      {"ekya-checkpoint", [](auto* s) { gst_structure_set_name(s, "x"); }},
      {"stream-id", [](auto* s) { set(s, "stream-id", "a/b"); }},
      {"path", [](auto* s) { set(s, "path", ""); }},
      {"path", [](auto* s) { gst_structure_remove_field(s, "path"); }},
      {"generation", [](auto* s) { set(s, "generation", 1.0); }},
      {"accuracy", [](auto* s) { set(s, "accuracy", kNan); }},
      {"status", [](auto* s) { set(s, "status", "maybe"); }},
  };
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  for (const WrongField& row : rows) {
    const StructurePtr wrong = checkpoint(1);
    row.spoil(wrong.get());
    GError* error = nullptr;
    EXPECT_FALSE(gst_ekya_scheduler_publish_checkpoint(scheduler.get(), wrong.get(), &error));
    const ErrorPtr owner(error);
    ASSERT_NE(error, nullptr);
    EXPECT_THAT(error->message, HasSubstr(row.field));
  }
  EXPECT_EQ(gst_ekya_scheduler_get_checkpoint(scheduler.get(), "cam0"), nullptr);
}

TEST(Checkpoint, IsToldAndTheLastOneOfAStreamIsKept) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears ears(scheduler.get(), "checkpoint");
  ASSERT_TRUE(gst_ekya_scheduler_publish_checkpoint(scheduler.get(), checkpoint(1).get(), nullptr));
  ASSERT_TRUE(gst_ekya_scheduler_publish_checkpoint(scheduler.get(), checkpoint(2).get(), nullptr));
  EXPECT_EQ(ears.heard().size(), 2u);
  const StructurePtr last(gst_ekya_scheduler_get_checkpoint(scheduler.get(), "cam0"));
  guint64 generation = 0;
  ASSERT_TRUE(gst_structure_get_uint64(last.get(), "generation", &generation));
  EXPECT_EQ(generation, 2u);
  EXPECT_EQ(gst_ekya_scheduler_get_checkpoint(scheduler.get(), "cam1"), nullptr);
}

StructurePtr drift(guint tier) {
  return StructurePtr(gst_structure_new("ekya-drift", "stream-id", G_TYPE_STRING, "cam0", "tier", G_TYPE_UINT, tier,
                                        "signal", G_TYPE_STRING, "brightness", nullptr));
}

TEST(Drift, IsToldToWhoeverListens) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears ears(scheduler.get(), "drift");
  for (const guint tier : {1u, 2u, 3u})
    EXPECT_TRUE(gst_ekya_scheduler_report_drift(scheduler.get(), drift(tier).get(), nullptr));
  EXPECT_EQ(ears.heard().size(), 3u);
}

TEST(Drift, IsRefusedWithTheFieldsNameWhenAFieldIsWrong) {
  const WrongField rows[] = {
      {"ekya-drift", [](auto* s) { gst_structure_set_name(s, "x"); }},
      {"stream-id", [](auto* s) { set(s, "stream-id", "a/b"); }},
      {"stream-id", [](auto* s) { gst_structure_remove_field(s, "stream-id"); }},
      {"tier", [](auto* s) { gst_structure_remove_field(s, "tier"); }},
      {"tier", [](auto* s) { set(s, "tier", "1"); }},
      {"tier", [](auto* s) { gst_structure_set(s, "tier", G_TYPE_UINT, 4u, nullptr); }},
      {"tier", [](auto* s) { gst_structure_set(s, "tier", G_TYPE_UINT, 0u, nullptr); }},
  };
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears ears(scheduler.get(), "drift");
  for (const WrongField& row : rows) {
    const StructurePtr wrong = drift(1);
    row.spoil(wrong.get());
    GError* error = nullptr;
    EXPECT_FALSE(gst_ekya_scheduler_report_drift(scheduler.get(), wrong.get(), &error));
    const ErrorPtr owner(error);
    ASSERT_NE(error, nullptr);
    EXPECT_THAT(error->message, HasSubstr(row.field));
  }
  EXPECT_FALSE(gst_ekya_scheduler_report_drift(scheduler.get(), nullptr, nullptr));
  EXPECT_EQ(ears.heard().size(), 0u);
}

}  // namespace
}  // namespace ekya::gst::testing
