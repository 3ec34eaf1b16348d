// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace ekya::gst::label {

/// A thread that does one job at a time and can be left behind. A golden model may never return and a thread cannot be
/// killed, so the thread owns what it needs by shared pointers: a job captures nothing that dies before it.
class Worker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class End { kDone, kGivenUp, kNotYet };

  /// `setup` runs first, in the thread.
  explicit Worker(std::function<void()> setup);
  /// Waits for the job in hand; call stop() first where it may hang.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool is_idle() const;
  /// Only while idle. The job is destroyed before is_idle() is true again; an exception of it is dropped.
  void start(std::function<void()> job);
  /// Waits until the job is done, wake() is called or the time has come. `give_up` is asked first, under the worker's
  /// lock, so that no wake() is lost: it may take other locks but must not call the worker.
  End wait(const std::function<bool()>& give_up, Time until);
  void wake();
  /// Ends the thread: waits for the job in hand, but not longer than that; false if it had to be left behind.
  bool stop(std::chrono::milliseconds at_most);

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace ekya::gst::label
