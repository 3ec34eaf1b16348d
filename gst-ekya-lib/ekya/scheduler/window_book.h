// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

#include "ekya/scheduler/controller.h"
#include "ekya/scheduler/window_record.h"

namespace ekya::scheduler {

/// The window that is open, and what each stream reaches in it.
class WindowBook {
 public:
  /// Opens the next window.
  void open(Seconds begin, Seconds duration);
  /// The open window's end is `duration` after its begin.
  void set_duration(Seconds duration) { window_.end = window_.begin + duration; }
  /// Lets the records' time pass, at most to the window's end. Gives how much has passed, >= 0.
  Seconds pass(Seconds now);
  /// What the window was worth. The records go on with the next one.
  WindowClosed close();

  const WindowOpened& window() const { return window_; }
  bool has(const std::string& stream) const { return records_.count(stream) > 0; }
  std::size_t streams() const { return records_.size(); }
  /// Made where there is none yet.
  WindowRecord& record(const std::string& stream) { return records_[stream]; }
  void forget(const std::string& stream) { records_.erase(stream); }

 private:
  WindowOpened window_;
  Seconds passed_{0};  ///< Up to when the records are kept.
  std::map<std::string, WindowRecord> records_;
};

}  // namespace ekya::scheduler
