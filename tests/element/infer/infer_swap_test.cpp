// SPDX-License-Identifier: LGPL-2.1-or-later
#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "infer_harness.h"
#include "support/hostile_files.h"
#include "support/repetitions.h"

namespace ekya::gst::infer {
namespace {

using ::ekya::testing::Fault;
using ::ekya::testing::write_text;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<Box> kOne{{1, 0, 0, 16, 16, 2}};

class InferSwap : public InferTest {
 protected:
  std::uint64_t generation_now() { return results(push(kOne).get())[0].generation; }

  /// A checkpoint is refused with one WARNING and one message, and the running model stays.
  void expect_refused(const std::string& path, std::uint64_t generation,
                      const ::testing::Matcher<const std::string&>& why) {
    publish(path, generation);
    ASSERT_TRUE(push_until(kOne, [&] { return stat("failed-swaps") == 1; }));
    ASSERT_TRUE(push_until(kOne, [&] { return texts(GST_MESSAGE_WARNING).size() == 1; }));
    EXPECT_THAT(texts(GST_MESSAGE_WARNING), ElementsAre(AllOf(HasSubstr(path), why)));
    EXPECT_EQ(stat("swaps"), 0u);
    const auto swaps = messages("ekya-model-swap");
    ASSERT_EQ(swaps.size(), 1u);
    EXPECT_STREQ(gst_structure_get_string(swaps[0].get(), "status"), "failed");
  }
};

TEST_F(InferSwap, TakesOverANewCheckpointAndTellsWhat) {
  ASSERT_NO_FATAL_FAILURE(play());
  EXPECT_EQ(generation_now(), 0u);
  publish(model_of(3), 3);
  ASSERT_TRUE(push_until(kOne, [&] { return generation_now() == 3; }));
  ASSERT_TRUE(push_until(kOne, [&] { return stat("swaps") == 1; }));
  const auto swaps = messages("ekya-model-swap");
  ASSERT_EQ(swaps.size(), 1u);
  const GstStructure* swap = swaps[0].get();
  guint64 generation = 0, from = 9;
  gdouble accuracy = 0, load = -1, exchange = -1;
  ASSERT_TRUE(gst_structure_get(swap, "generation", G_TYPE_UINT64, &generation, "from-generation", G_TYPE_UINT64, &from,
                                "accuracy", G_TYPE_DOUBLE, &accuracy, "load-ms", G_TYPE_DOUBLE, &load, "swap-ms",
                                G_TYPE_DOUBLE, &exchange, nullptr));
  EXPECT_STREQ(gst_structure_get_string(swap, "stream-id"), "camera0");
  EXPECT_STREQ(gst_structure_get_string(swap, "status"), "accepted");
  EXPECT_EQ(generation, 3u);
  EXPECT_EQ(from, 0u);
  EXPECT_EQ(accuracy, 0.75);
  EXPECT_GT(load, 0);
  EXPECT_GE(exchange, 0);
  EXPECT_EQ(stat("generation"), 3u);
}

TEST_F(InferSwap, StartsWithTheCheckpointThatTheStreamHasAlready) {
  publish(model_of(5), 5);
  ASSERT_NO_FATAL_FAILURE(play());
  EXPECT_TRUE(push_until(kOne, [&] { return generation_now() == 5; }));
}

TEST_F(InferSwap, LeavesCheckpointsOfOtherStreamsAndOlderOnesAlone) {
  write_model(folder_ / "student.safetensors", model_info(4));
  ASSERT_NO_FATAL_FAILURE(play());
  publish(model_of(9), 9, "camera1");
  publish(model_of(4), 4);
  publish(model_of(2), 2);
  publish(model_of(6), 6);
  ASSERT_TRUE(push_until(kOne, [&] { return generation_now() == 6; }));
  EXPECT_EQ(stat("swaps"), 1u);
  EXPECT_EQ(stat("failed-swaps"), 0u);
}

TEST_F(InferSwap, RefusesACheckpointThatIsNotThere) {
  ASSERT_NO_FATAL_FAILURE(play());
  expect_refused(folder_ / "none.safetensors", 1, HasSubstr("checkpoint"));
}

TEST_F(InferSwap, RefusesACorruptCheckpoint) {
  ASSERT_NO_FATAL_FAILURE(play());
  std::string text = ::ekya::testing::file_text(model_of(1));
  text.back() ^= 4;
  write_text(folder_ / "1.safetensors", text);
  expect_refused(folder_ / "1.safetensors", 1, HasSubstr("checkpoint"));
}

TEST_F(InferSwap, RefusesACheckpointOfAnotherArchitecture) {
  ASSERT_NO_FATAL_FAILURE(play());
  auto info = model_info(1);
  info.architecture = "other";
  expect_refused(write_model(folder_ / "1.safetensors", info), 1, HasSubstr("its architecture is other"));
}

TEST_F(InferSwap, RefusesACheckpointOfOtherLabels) {
  ASSERT_NO_FATAL_FAILURE(play());
  auto info = model_info(1);
  info.labels = {"bus", "car", "truck"};
  expect_refused(write_model(folder_ / "1.safetensors", info), 1, HasSubstr("labels do not begin with"));
}

TEST_F(InferSwap, RefusesACheckpointThatIsOlderThanItWasAnnounced) {
  write_model(folder_ / "student.safetensors", model_info(4));
  ASSERT_NO_FATAL_FAILURE(play());
  expect_refused(model_of(3), 7, HasSubstr("generation 3, not newer than the running 4"));
}

TEST_F(InferSwap, TakesACheckpointWithMoreLabels) {
  ASSERT_NO_FATAL_FAILURE(play());
  auto info = model_info(1);
  info.labels.push_back("tram");
  publish(write_model(folder_ / "1.safetensors", info), 1);
  ASSERT_TRUE(push_until(kOne, [&] { return generation_now() == 1; }));
  EXPECT_EQ(results(push({{1, 0, 0, 16, 16, 3}}).get())[0].label, "tram");
}

TEST_F(InferSwap, TakesANewModelFileWhilePlaying) {
  ASSERT_NO_FATAL_FAILURE(play());
  auto info = model_info();
  info.labels = {"a", "b", "c"};
  set("model-file", write_model(folder_ / "new.safetensors", info));
  ASSERT_TRUE(push_until(kOne, [&] { return results(push(kOne).get())[0].label == "c"; }));
  EXPECT_EQ(results(push(kOne).get())[0].model_name, "new");
}

TEST_F(InferSwap, KeepsTheModelWhereANewFileIsWrong) {
  ASSERT_NO_FATAL_FAILURE(play());
  write_text(folder_ / "bad.safetensors", "not a model");
  set("model-file", folder_ / "bad.safetensors");
  ASSERT_TRUE(push_until(kOne, [&] { return stat("failed-swaps") == 1; }));
  set("model-file", "");
  ASSERT_TRUE(push_until(kOne, [&] { return stat("failed-swaps") == 2; }));
  set("model-file", folder_ / "none.pt");
  ASSERT_TRUE(push_until(kOne, [&] { return stat("failed-swaps") == 3; }));
  const auto none = ::ekya::testing::hostile_files(folder_.path(), ".safetensors");
  for (std::uint64_t i = 0; i < none.size(); ++i) {
    set("model-file", none[i]);
    ASSERT_TRUE(push_until(kOne, [&] { return stat("failed-swaps") == 4 + i; })) << none[i];
  }
  EXPECT_THAT(texts(GST_MESSAGE_WARNING), ElementsAre(HasSubstr("model-file " + (folder_ / "bad.safetensors"))));
  EXPECT_EQ(messages("ekya-model-swap").size(), 3 + none.size());
  EXPECT_TRUE(texts(GST_MESSAGE_ERROR).empty());
  EXPECT_EQ(results(push(kOne).get())[0].label, "truck");
}

// A student may run more than once: on another branch or at another size. Both take a checkpoint of the stream.
TEST_F(InferSwap, SharesItsStreamWithAnotherEkyainfer) {
  ASSERT_NO_FATAL_FAILURE(play());
  const ObjectPtr<GstElement> twin(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("ekyainfer", nullptr))));
  const MiniPtr<GstContext> context(gst_context_new_ekya_scheduler(scheduler_));
  gst_element_set_context(twin.get(), context.get());
  g_object_set(twin.get(), "model-file", (folder_ / "student.safetensors").c_str(), nullptr);
  ASSERT_NE(gst_element_set_state(twin.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  publish(model_of(4), 4);
  const auto generation_of_twin = [&] {
    GstStructure* stats = nullptr;
    g_object_get(twin.get(), "stats", &stats, nullptr);
    const StructurePtr owner(stats);
    guint64 generation = 0;
    gst_structure_get_uint64(stats, "generation", &generation);
    return generation;
  };
  EXPECT_TRUE(push_until(kOne, [&] { return stat("generation") == 4 && generation_of_twin() == 4; }));
  gst_element_set_state(twin.get(), GST_STATE_NULL);
}

TEST_F(InferSwap, LosesNoFrameWhileItLoadsSlowly) {
  ASSERT_NO_FATAL_FAILURE(play());
  push(kOne);
  set("inference-interval", "1000");  // so that only the loader runs the slow model
  script_->set_slow(Seconds{0.15});
  script_->always(Fault::kSlow);
  publish(model_of(1), 1);
  double worst = 0;
  const Seconds end = steady_now() + Seconds{0.25};
  while (steady_now() < end) {
    const Seconds begin = steady_now();
    ASSERT_TRUE(push(kOne));
    worst = std::max(worst, (steady_now() - begin).count());
    g_usleep(1000);
  }
  EXPECT_LT(worst, 0.1);
}

TEST_F(InferSwap, StopsWhileAModelIsLoaded) {
  for (int round = 0; round < 5; ++round) {
    ASSERT_NE(gst_element_set_state(element_, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    script_->set_slow(Seconds{0.05});
    script_->always(Fault::kSlow);
    set("model-file", folder_ / "student.safetensors");
    publish(model_of(round + 1), round + 1);
    g_usleep(10000 * round);
    ASSERT_EQ(gst_element_set_state(element_, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    script_->always(Fault::kNone);
  }
}

// 500 swaps while frames flow: no frame is lost, each carries one generation, and it never falls.
TEST_F(InferSwap, StandsAStormOfCheckpoints) {
  ASSERT_NO_FATAL_FAILURE(play());
  const std::vector<Box> boxes{{1, 0, 0, 16, 16, 2}, {2, 20, 4, 16, 16, 0}, {3, 40, 20, 20, 20, 1}};
  constexpr std::uint64_t kSwaps = ::ekya::testing::repetitions(500);
  const Seconds end = steady_now() + Seconds{60};
  std::thread publisher([&] {
    for (std::uint64_t generation = 1; generation <= kSwaps; ++generation) {
      const std::string path = model_of(generation);
      publish(path, generation);
      // A newer checkpoint replaces one that waits: to see every swap, the next one is published after this one is
      // taken.
      while (stat("swaps") < generation && steady_now() < end) g_usleep(200);
      std::filesystem::remove(path);
    }
  });
  std::uint64_t last = 0, frames = 0;
  std::string wrong;
  while (last < kSwaps && steady_now() < end && wrong.empty()) {
    const auto out = push(boxes);
    if (!out) {
      wrong = "a frame was lost";
      break;
    }
    ++frames;
    const auto found = results(out.get());
    for (const auto& result : found)
      if (result.generation != found[0].generation) wrong = "two generations in a frame";
    if (found[0].generation < last) wrong = "the generation fell";
    last = found[0].generation;
  }
  publisher.join();
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(last, kSwaps);
  EXPECT_EQ(stat("swaps"), kSwaps);
  EXPECT_EQ(stat("frames"), frames);
  EXPECT_LE(stat("inferences"), frames);  // How many depends on the share that is granted meanwhile.
  std::printf("%g frames, worst exchange %.3f ms\n", double(frames), number_stat("worst-swap-ms"));
}

// A slow model under a small share: the scheduler grants a longer interval, and the element keeps to it.
TEST_F(InferSwap, FollowsTheGrantedInterval) {
  script_->set_slow(Seconds{0.02});
  script_->always(Fault::kSlow);
  GError* error = nullptr;
  ASSERT_TRUE(gst_ekya_scheduler_pin_share(scheduler_, "camera0", GST_EKYA_CLIENT_INFERENCE, 0.05, &error))
      << error->message;
  ASSERT_NO_FATAL_FAILURE(play());
  ASSERT_TRUE(push_until(kOne, [&] { return number_stat("interval") > 1; }));
  const auto before = stat("inferences"), frames = stat("frames");
  const double interval = number_stat("interval");
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(push(kOne));
  EXPECT_EQ(number_stat("interval"), interval);
  EXPECT_LE(stat("inferences") - before, (stat("frames") - frames) / interval + 1);
  EXPECT_NEAR(number_stat("share"), 0.05, 0.051);
}

TEST_F(InferSwap, AsksForItsShareWithIntervalsDemandAndFactor) {
  set("inference-interval", "7");
  ASSERT_NO_FATAL_FAILURE(play());
  const auto requests = messages("ekya-share-request");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_STREQ(gst_structure_get_string(requests[0].get(), "reason"), "join");
  EXPECT_STREQ(gst_structure_get_string(requests[0].get(), "kind"), "inference");
  EXPECT_STREQ(gst_structure_get_string(requests[0].get(), "stream-id"), "camera0");
  const GValue* configs = gst_structure_get_value(requests[0].get(), "configs");
  std::vector<std::string> ids;
  for (guint i = 0; i < gst_value_list_get_size(configs); ++i)
    ids.push_back(gst_structure_get_string(gst_value_get_structure(gst_value_list_get_value(configs, i)), "id"));
  EXPECT_THAT(ids, ElementsAre("interval-7", "interval-10", "interval-15", "interval-30"));
}

// S11: properties at random from two threads while frames flow; nothing races and no frame is lost.
TEST_F(InferSwap, SurvivesRandomPropertiesFromTwoThreads) {
  ASSERT_NO_FATAL_FAILURE(play());
  std::atomic<bool> stop{false};
  const auto torment = [&](unsigned seed) {
    std::mt19937 random(seed);
    const char* texts[] = {"", "x", "../y", "vehicle", "camera0", "cpu"};
    while (!stop) {
      const char* text = texts[random() % 6];
      switch (random() % 9) {
        case 0:
          g_object_set(element_, "object-class", random() % 4 ? nullptr : text, nullptr);
          break;
        case 1:
          g_object_set(element_, "inference-interval", 1 + random() % 1000, nullptr);
          break;
        case 2:
          g_object_set(element_, "threshold", -1 + (random() % 2000) / 1000.0, nullptr);
          break;
        case 3:
          g_object_set(element_, "inference-region", random() % 2, "task", random() % 2, nullptr);
          break;
        case 4:
          g_object_set(element_, "labels-file", text, "stream-id", text, "device", text, nullptr);
          break;
        case 5:
          g_object_set(element_, "allow-torchscript", random() % 2, nullptr);
          break;
        case 6:
          if (random() % 50 == 0)
            g_object_set(element_, "model-file", random() % 2 ? text : (folder_ / "student.safetensors").c_str(),
                         nullptr);
          break;
        default:
          stat("frames");
          gchar* read = nullptr;
          g_object_get(element_, "object-class", &read, nullptr);
          g_free(read);
      }
    }
  };
  std::thread first(torment, 1), second(torment, 2);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(push(kOne));
  stop = true;
  first.join();
  second.join();
  EXPECT_EQ(stat("frames"), 1000u);
}

class InferDetect : public InferTest {
 protected:
  InferDetect() {
    // Stands in for the helper that checks TorchScript: the fake engine loads nothing.
    write_text(folder_ / "ekya-check-torchscript", "#!/bin/sh\necho '{\"ok\": true}'\n");
    std::filesystem::permissions(folder_ / "ekya-check-torchscript", std::filesystem::perms::owner_all);
    setenv("EKYA_HELPER_DIR", folder_.path().c_str(), 1);
    write_text(folder_ / "detector.pt", "x");
    write_text(folder_ / "detector.pt.modelinfo",
               "[modelinfo]\nversion=1.0\ngroup-id=test\n[ekya]\ntask=detection\ninput-size=32\nlabels=car;bus\n");
    set("model-file", folder_ / "detector.pt");
    set("allow-torchscript", "true");
    set("task", "detect");
  }
};

TEST_F(InferDetect, RunsADetectorOfOurOwnWithoutAllowTorchscript) {
  learner::ModelInfo info = model_info();
  info.task = learner::ModelTask::kDetection;
  set("model-file", write_model(folder_ / "detector.safetensors", info));
  set("allow-torchscript", "false");
  ASSERT_NO_FATAL_FAILURE(play());
  const auto found = results(push(make_frame(64, 48, {})).get(), "detection");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "bus");
}

// The fake detector sees a bus at 0.25, 0.25 to 0.75, 0.5 with 0.9, and a car with 0.3 (below the default 0.4).
TEST_F(InferDetect, AttachesARegionForEachDetection) {
  set("inference-interval", "2");
  ASSERT_NO_FATAL_FAILURE(play());
  for (guint i = 0; i < 4; ++i) {
    const auto out = push(make_frame(64, 48, {}));
    const auto found = results(out.get(), "detection");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].roi_type, "bus");
    EXPECT_EQ(found[0].label, "bus");
    EXPECT_EQ(found[0].label_id, 1);
    EXPECT_EQ(found[0].rect.x, 16);
    EXPECT_EQ(found[0].rect.y, 12);
    EXPECT_EQ(found[0].rect.width, 32);
    EXPECT_EQ(found[0].rect.height, 12);
    EXPECT_EQ(found[0].carried, i % 2 == 1);
    EXPECT_GT(found[0].id, 0);
  }
}

TEST_F(InferDetect, TakesTheThresholdAndClassOfTheProperties) {
  set("threshold", "0.2");
  ASSERT_NO_FATAL_FAILURE(play());
  EXPECT_EQ(results(push(make_frame(64, 48, {})).get(), "detection").size(), 2u);
  set("object-class", "car");
  const auto found = results(push(make_frame(64, 48, {})).get(), "detection");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, "car");
}

TEST_F(InferDetect, RefusesABrokenResultAndPassesTheFrame) {
  ASSERT_NO_FATAL_FAILURE(play());
  push(make_frame(64, 48, {}));
  for (const Fault fault : {Fault::kNan, Fault::kInfinite, Fault::kOutOfRange, Fault::kError, Fault::kThrow}) {
    script_->at(script_->calls() + 1, fault);
    const auto found = results(push(make_frame(64, 48, {})).get(), "detection");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].carried);
  }
}

TEST_F(InferDetect, LeavesCheckpointsToTheStudentOfItsStream) {
  ASSERT_NO_FATAL_FAILURE(play());
  publish(model_of(1), 1);
  // What the loader does next shows that the checkpoint was not in front of it.
  set("model-file", folder_ / "detector.pt");
  ASSERT_TRUE(push_until({}, [&] { return stat("swaps") == 1; }));
  set("model-file", folder_ / "detector.pt");
  ASSERT_TRUE(push_until({}, [&] { return stat("swaps") == 2; }));
  EXPECT_EQ(stat("failed-swaps"), 0u);
}

TEST_F(InferDetect, StopsAtOnceWhileANewModelIsChecked) {
  ASSERT_NO_FATAL_FAILURE(play());
  const std::string started = folder_ / "started";
  write_text(folder_ / "ekya-check-torchscript", "#!/bin/sh\ntouch " + started + "\nexec sleep 9\n");
  set("model-file", folder_ / "detector.pt");
  while (!std::filesystem::exists(started)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto begin = std::chrono::steady_clock::now();
  gst_element_set_state(element_, GST_STATE_NULL);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));  // 1 s is promised
  EXPECT_TRUE(texts(GST_MESSAGE_WARNING).empty());
}

TEST_F(InferDetect, RefusesAModelinfoOfTheOtherTask) {
  set("task", "classify");
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(texts(GST_MESSAGE_ERROR), ElementsAre(HasSubstr("task=detection")));
}

}  // namespace
}  // namespace ekya::gst::infer
