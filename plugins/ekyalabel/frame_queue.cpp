// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/frame_queue.h"

#include <algorithm>
#include <utility>

namespace ekya::gst::label {
namespace {

bool outlives_flush(const GstEvent* event) {
  const GstEventType type = GST_EVENT_TYPE(event);
  const bool is_sticky = gst_event_type_get_flags(type) & GST_EVENT_TYPE_STICKY;
  return is_sticky && type != GST_EVENT_SEGMENT && type != GST_EVENT_EOS;
}

}  // namespace

void FrameQueue::open(std::size_t max_frames) {
  MutexLock lock(mutex_);
  max_frames_ = max_frames;
  deadline_ = Time::max();
  segment_.reset();
  is_closed_ = false;
  changed_.notify_all();
}

FrameQueue::Flushed FrameQueue::close() {
  std::deque<Item> items;
  Flushed flushed;
  {
    MutexLock lock(mutex_);
    items.swap(items_);
    flushed.frames = frames_;
    frames_ = events_ = 0;
    ++epoch_;
    segment_.reset();
    deadline_ = Time::max();
    is_closed_ = true;
    changed_.notify_all();
  }
  for (Item& item : items) {
    auto* event = std::get_if<MiniPtr<GstEvent>>(&item);
    if (event && outlives_flush(event->get())) flushed.sticky.push_back(std::move(*event));
  }
  return flushed;
}

unsigned FrameQueue::push(Frame frame) {
  Item dropped;  // freed outside of the lock
  MutexLock lock(mutex_);
  if (is_closed_) return 1;
  frame.epoch = epoch_;
  items_.emplace_back(std::move(frame));
  changed_.notify_all();
  if (++frames_ <= max_frames_) return 0;
  const auto oldest =
      std::find_if(items_.begin(), items_.end(), [](const Item& item) { return std::holds_alternative<Frame>(item); });
  dropped = std::move(*oldest);
  items_.erase(oldest);
  --frames_;
  return 1;
}

void FrameQueue::push(MiniPtr<GstEvent> event) {
  MutexLock lock(mutex_);
  if (is_closed_) return;
  note(event.get());
  items_.emplace_back(std::move(event));
  ++events_;
  changed_.notify_all();
}

void FrameQueue::note(GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    deadline_ = std::chrono::steady_clock::now() + kDrainTime;
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
    deadline_ = Time::max();
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    const guint32 seqnum = gst_event_get_seqnum(event);
    if (segment_ && *segment_ != seqnum) ++epoch_;
    segment_ = seqnum;
  }
}

std::optional<Item> FrameQueue::pop() {
  MutexLock lock(mutex_);
  in_hand_.reset();
  changed_.notify_all();
  while (!is_ended_ && items_.empty()) changed_.wait(lock);
  if (is_ended_) return std::nullopt;
  in_hand_ = std::this_thread::get_id();
  --(std::holds_alternative<Frame>(items_.front()) ? frames_ : events_);
  std::optional<Item> item(std::move(items_.front()));
  items_.pop_front();
  return item;
}

void FrameQueue::wait_for_task() {
  MutexLock lock(mutex_);
  while (in_hand_ && *in_hand_ != std::this_thread::get_id()) changed_.wait(lock);
}

void FrameQueue::set_ended(bool is_ended) {
  MutexLock lock(mutex_);
  is_ended_ = is_ended;
  changed_.notify_all();
}

bool FrameQueue::is_stale(std::uint64_t epoch) const {
  MutexLock lock(mutex_);
  return is_closed_ || epoch != epoch_;
}

bool FrameQueue::should_give_up(std::uint64_t epoch, Time until) const {
  MutexLock lock(mutex_);
  if (is_closed_ || epoch != epoch_ || events_ > kMaxEvents) return true;
  return deadline_ != Time::max() && std::chrono::steady_clock::now() >= std::max(deadline_, until);
}

FrameQueue::Time FrameQueue::drain_deadline() const {
  MutexLock lock(mutex_);
  return deadline_;
}

}  // namespace ekya::gst::label
