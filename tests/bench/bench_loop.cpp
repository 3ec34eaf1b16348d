// SPDX-License-Identifier: LGPL-2.1-or-later
// Benchmarks of the loop: what ekyainfer costs on a frame, and whether memory stays flat over many swaps.
//
//   bench-loop STUDENT.safetensors OUTPUT.json
#include <gst/check/gstharness.h>
#include <gst/ekya/ekya.h>
#include <gst/video/video.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/file_ops.h"
#include "ekya/learner/model.h"
#include "ekyainfer/gstekyainfer.h"

namespace {

using ekya::steady_now;
namespace learner = ekya::learner;

constexpr int kWidth = 640, kHeight = 360, kRegions = 6;

template <typename T>
T take(ekya::Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench-loop: %s\n", result.error().message.c_str());
  std::exit(1);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double resident_mb() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

/// ekyainfer in a harness, fed with 640x360 frames that carry six regions.
class Bench {
 public:
  Bench(const std::string& student, const std::string& properties)
      : harness_(gst_harness_new_parse(("ekyainfer name=infer model-file=" + student + " " + properties).c_str())) {
    gst_harness_set_src_caps_str(harness_, "video/x-raw,format=RGB,width=640,height=360,framerate=15/1");
    element_ = gst_harness_find_element(harness_, "ekyainfer");
    watch("sink", [](GstPad*, GstPadProbeInfo*, gpointer data) {
      static_cast<Bench*>(data)->entered_ = steady_now();
      return GST_PAD_PROBE_OK;
    });
    watch("src", [](GstPad*, GstPadProbeInfo*, gpointer data) {
      auto* self = static_cast<Bench*>(data);
      self->times_.push_back((steady_now() - self->entered_).count());
      return GST_PAD_PROBE_OK;
    });
  }
  ~Bench() {
    gst_object_unref(element_);
    gst_harness_teardown(harness_);
  }

  /// Seconds that the element itself took for each of `frames` frames, pad to pad.
  std::vector<double> push(int frames) {
    times_.clear();
    for (int i = 0; i < frames; ++i) {
      gst_harness_push(harness_, frame());
      gst_buffer_unref(gst_harness_pull(harness_));
    }
    return times_;
  }

  guint64 generation() const {
    GstStructure* stats = nullptr;
    guint64 value = 0;
    g_object_get(element_, "stats", &stats, nullptr);
    gst_structure_get_uint64(stats, "generation", &value);
    gst_structure_free(stats);
    return value;
  }

  GstEkyaScheduler* scheduler() const {
    GstEkyaScheduler* scheduler = nullptr;
    GstQuery* query = gst_query_new_context(GST_EKYA_SCHEDULER_CONTEXT_TYPE);
    if (gst_element_query(element_, query)) {
      GstContext* context = nullptr;
      gst_query_parse_context(query, &context);
      scheduler = gst_context_get_ekya_scheduler(context);
    }
    gst_query_unref(query);
    return scheduler;
  }

 private:
  void watch(const char* pad_name, GstPadProbeCallback callback) {
    GstPad* pad = gst_element_get_static_pad(element_, pad_name);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, callback, this, nullptr);
    gst_object_unref(pad);
  }

  GstBuffer* frame() {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kWidth * kHeight * 3, nullptr);
    gst_buffer_memset(buffer, 0, static_cast<guint8>(count_), kWidth * kHeight * 3);
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(count_++, GST_SECOND, 15);
    for (int i = 0; i < kRegions; ++i)
      gst_buffer_add_video_region_of_interest_meta(buffer, "object", 20 + 100 * i, 100, 80, 60)->id = i;
    return buffer;
  }

  GstHarness* harness_;
  GstElement* element_ = nullptr;
  ekya::Seconds entered_{0};
  std::vector<double> times_;
  guint64 count_ = 0;
};

/// The same model over ready-made crops, without GStreamer, in this thread.
class BareLoop {
 public:
  explicit BareLoop(const std::string& student) {
    const learner::Engine* engine = take(learner::engine());
    engine->set_thread_count(1);
    classifier_ = take(engine->build_classifier(take(learner::read_weights(student, true))));
    const auto size = static_cast<std::size_t>(classifier_->info().input_size);
    crops_.assign(kRegions * 3 * size * size, 0.1F);
  }

  /// Seconds that each of `frames` frames took.
  std::vector<double> run(int frames) {
    std::vector<double> times;
    for (int i = 0; i < frames; ++i) {
      const auto begin = steady_now();
      take(classifier_->classify(crops_, kRegions));
      times.push_back((steady_now() - begin).count());
    }
    return times;
  }

 private:
  std::shared_ptr<const learner::Classifier> classifier_;
  std::vector<float> crops_;
};

/// Medians of both, by turns of ten frames, so that a noisy machine hits both alike.
double rate_against_bare_loop(const std::string& student) {
  Bench bench(student, "");
  BareLoop bare(student);
  bench.push(50);
  bare.run(50);
  std::vector<double> ours, theirs;
  for (int turn = 0; turn < 150; ++turn) {
    std::ranges::copy(bench.push(10), std::back_inserter(ours));
    std::ranges::copy(bare.run(10), std::back_inserter(theirs));
  }
  return median(theirs) / median(ours);
}

/// Growth of resident memory from the 50th to the last swap, in percent.
double growth_over_swaps(const std::string& student, int swaps) {
  Bench bench(student, "inference-interval=1000");
  bench.push(1);
  GstEkyaScheduler* scheduler = bench.scheduler();
  const auto folder = std::filesystem::temp_directory_path() / ("ekya-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  learner::WeightsFile file = take(learner::read_weights(student, true));
  double warm = 0;
  for (int generation = 1; generation <= swaps; ++generation) {
    const std::string path = folder / "checkpoint.safetensors";
    file.metadata["ekya.generation"] = std::to_string(generation);
    if (!ekya::replace_file(ekya::FileOps::system(), path, learner::serialize(file))) return NAN;
    GstStructure* checkpoint =
        gst_structure_new("ekya-checkpoint", "stream-id", G_TYPE_STRING, "camera0", "path", G_TYPE_STRING, path.c_str(),
                          "generation", G_TYPE_UINT64, static_cast<guint64>(generation), "accuracy", G_TYPE_DOUBLE, 0.5,
                          "status", G_TYPE_STRING, "published", nullptr);
    gst_ekya_scheduler_publish_checkpoint(scheduler, checkpoint, nullptr);
    gst_structure_free(checkpoint);
    while (bench.generation() < static_cast<guint64>(generation)) g_usleep(1000);
    bench.push(1);
    if (generation == 50) warm = resident_mb();
  }
  std::filesystem::remove_all(folder);
  gst_object_unref(scheduler);
  return 100 * (resident_mb() - warm) / warm;
}

nlohmann::json row(const char* name, double value, const char* unit, const char* better, nlohmann::json at_least) {
  std::printf("%-60s %10.3f %s\n", name, value, unit);
  return {{"name", name},  {"value", value}, {"unit", unit}, {"better", better}, {"at_least", std::move(at_least)},
          {"aim", nullptr}};
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GST_ELEMENT_REGISTER(ekyainfer, nullptr);
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench-loop STUDENT.safetensors OUTPUT.json\n");
    return 2;
  }
  const std::string student = argv[1];
  auto rows = nlohmann::json::array();
  {
    Bench bench(student, "inference-interval=1000");
    bench.push(20);
    rows.push_back(
        row("ekyainfer, a frame that carries results, 640x360", 1e6 * median(bench.push(900)), "us", "lower", 50));
  }
  rows.push_back(row("frame rate of ekyainfer against the bare LibTorch loop", 100 * rate_against_bare_loop(student),
                     "%", "higher", 90));
  rows.push_back(row("growth of resident memory over 500 swaps", growth_over_swaps(student, 500), "%", "lower", 2));
  std::ofstream(argv[2]) << rows.dump(2) << '\n';
  return 0;
}
