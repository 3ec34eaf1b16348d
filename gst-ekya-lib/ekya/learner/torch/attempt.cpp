// SPDX-License-Identifier: LGPL-2.1-or-later
#include "attempt.h"

#include <c10/util/Exception.h>

#include <new>

namespace ekya::learner {
namespace {

/// LibTorch's CPU allocator and oneDNN report a lack of memory as an ordinary error; only the words tell.
bool lacks_memory(const std::string& message) {
  for (const char* words : {"DefaultCPUAllocator", "not enough memory", "out of memory", "could not allocate"})
    if (message.find(words) != std::string::npos) return true;
  return false;
}

Error failed(const char* what, const std::string& why) {
  constexpr std::size_t kLongest = 500;
  const auto code = lacks_memory(why) ? ErrorCode::kResource : ErrorCode::kInternal;
  return {code, std::string(what) + ": " + why.substr(0, std::min(why.find('\n'), kLongest))};
}

}  // namespace

Error current_exception(const char* what) {
  try {
    throw;
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kResource, std::string(what) + ": out of memory"};
  } catch (const c10::Error& e) {
    return failed(what, e.what_without_backtrace());
  } catch (const std::exception& e) {
    return failed(what, e.what());
  } catch (...) {
    return failed(what, "an exception of unknown type");
  }
}

}  // namespace ekya::learner
