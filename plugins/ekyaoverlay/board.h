// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/ekya.h>
#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "ekya/base/mutex.h"
#include "glue/ptr.h"

namespace ekya::gst::overlay {

/// What the scheduler last said of one stream. -1: it has said nothing.
struct StreamStatus {
  double inference_share = -1, labelling_share = -1, retraining_share = -1;  ///< Devices.
  std::string retraining_config;                                             ///< Empty: none.
  double measured_accuracy = -1, expected_accuracy = -1;                     ///< In [0, 1], of a window.
};

/// Listens to a scheduler's signals, which come from any thread, for one stream.
class Board {
 public:
  explicit Board(std::string stream_id) : stream_id_(std::move(stream_id)) {}
  StreamStatus status() const;

  void hear_grant(const GstStructure* grant);
  void hear_plan(const GstStructure* plan);
  void hear_window(const GstStructure* window);

 private:
  const std::string stream_id_;
  mutable Mutex mutex_;
  StreamStatus status_ EKYA_GUARDED_BY(mutex_);
};

/// Keeps a board connected to a scheduler as long as this lives. A signal that is under way when it dies still finds
/// its board, since each connection holds one.
class Listening {
 public:
  Listening(GstEkyaScheduler* scheduler, const std::shared_ptr<Board>& board);
  ~Listening();
  Listening(const Listening&) = delete;

 private:
  ObjectPtr<GstEkyaScheduler> scheduler_;
  std::vector<gulong> handlers_;
};

/// The scheduler that the pipeline has already: from the neighbours, else from an application or bin by `need-context`,
/// which comes by set_context. Makes none. (transfer full), may be null.
GstEkyaScheduler* find_scheduler(GstElement* element);

/// "inference 0.40, labelling 0.10, retraining 0.35 (head-e5), accuracy 87 %"; empty when nothing is known.
std::string to_text(const StreamStatus& status);

}  // namespace ekya::gst::overlay
