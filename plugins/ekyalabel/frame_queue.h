// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "ekya/base/mutex.h"
#include "glue/ptr.h"

namespace ekya::gst::label {

/// A sampled frame on its way to the golden model.
struct Frame {
  MiniPtr<GstBuffer> buffer;
  std::shared_ptr<const GstVideoInfo> info;  ///< The caps that the frame came with.
  std::uint64_t epoch = 0;                   ///< Of the queue when the frame came.
};

using Item = std::variant<Frame, MiniPtr<GstEvent>>;

/// Frames and serialized events in order, between the streaming thread, which never waits, and the task that does. Of
/// the frames just the newest `max_frames` are kept. A flush, or a segment with another seqnum, begins a new epoch:
/// frames of an older one are stale, wherever they are by then. Thread-safe.
class FrameQueue {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// What is still in front of EOS may take so long from its arrival on.
  static constexpr std::chrono::seconds kDrainTime{2};
  /// With more events than this behind a frame that is being labelled, the frame is given up for the events' sake.
  static constexpr std::size_t kMaxEvents = 100;

  /// Things pass from now on.
  void open(std::size_t max_frames);
  struct Flushed {
    std::size_t frames = 0;
    std::vector<MiniPtr<GstEvent>> sticky;  ///< What a flush must not lose: all but SEGMENT and EOS, in order.
  };
  /// Empties the queue; nothing passes until open(). Frames in hand are stale.
  Flushed close();
  /// Waits until the task is back in pop(), unless the caller is the task.
  void wait_for_task();
  /// While true, pop() gives nothing: for a task that is to be stopped.
  void set_ended(bool is_ended);

  /// Number of frames that were dropped for this one, or with it: 0 or 1.
  unsigned push(Frame frame);
  void push(MiniPtr<GstEvent> event);
  /// For the task: waits for an item, however long the queue is closed; nothing once it has ended.
  std::optional<Item> pop();

  bool is_stale(std::uint64_t epoch) const;
  /// Whether the frame in hand should be left: it is stale, events pile up behind it, or EOS has waited long enough
  /// and the frame has had its time (`until`) too.
  bool should_give_up(std::uint64_t epoch, Time until) const;
  /// When EOS has waited long enough; the distant future if there is none.
  Time drain_deadline() const;

 private:
  void note(GstEvent* event) EKYA_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Condition changed_;
  std::deque<Item> items_ EKYA_GUARDED_BY(mutex_);
  std::size_t frames_ EKYA_GUARDED_BY(mutex_) = 0, events_ EKYA_GUARDED_BY(mutex_) = 0;
  std::size_t max_frames_ EKYA_GUARDED_BY(mutex_) = 1;
  std::uint64_t epoch_ EKYA_GUARDED_BY(mutex_) = 0;
  std::optional<guint32> segment_ EKYA_GUARDED_BY(mutex_);  // seqnum
  Time deadline_ EKYA_GUARDED_BY(mutex_) = Time::max();
  std::optional<std::thread::id> in_hand_ EKYA_GUARDED_BY(mutex_);  // the task, between two pop()
  bool is_closed_ EKYA_GUARDED_BY(mutex_) = true, is_ended_ EKYA_GUARDED_BY(mutex_) = false;
};

}  // namespace ekya::gst::label
