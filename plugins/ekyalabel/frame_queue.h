// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
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

  void open(std::size_t max_frames);
  struct Flushed {
    std::size_t frames = 0;
    std::vector<MiniPtr<GstEvent>> sticky;  ///< What a flush must not lose: all but SEGMENT and EOS, in order.
  };
  /// Nothing passes from now on; a waiting pop() returns. Frames in hand are stale.
  Flushed flush();

  /// Number of frames that were dropped for this one, or with it: 0 or 1.
  unsigned push(Frame frame);
  void push(MiniPtr<GstEvent> event);
  /// Waits for an item; nothing while flushing.
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
  bool is_flushing_ EKYA_GUARDED_BY(mutex_) = true;
};

}  // namespace ekya::gst::label
