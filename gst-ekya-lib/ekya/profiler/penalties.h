// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

namespace ekya::profiler {

/// Suspends a config whose job failed or diverged: for two windows, then four, up to 64, until one succeeds.
/// Not thread-safe.
class Penalties {
 public:
  void failed(const std::string& id);
  void succeeded(const std::string& id) { records_.erase(id); }
  void new_window();
  bool suspended(const std::string& id) const;

 private:
  struct Record {
    int failures = 0;
    int windows = 0;  ///< Still to go.
  };
  std::map<std::string, Record> records_;
};

}  // namespace ekya::profiler
