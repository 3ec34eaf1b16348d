// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trace_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace ekya::gst {
namespace {

constexpr std::size_t kLargestQueue = std::size_t{8} << 20;

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::open(const std::string& path, OnFailure on_failure) {
  // O_NONBLOCK: a FIFO without a reader would block the state change for ever.
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd < 0) return Error{ErrorCode::kIo, "cannot open " + path + ": " + reason(errno)};
  return std::unique_ptr<TraceWriter>(new TraceWriter(path, fd, std::move(on_failure)));
}

TraceWriter::TraceWriter(std::string path, int fd, OnFailure on_failure)
    : path_(std::move(path)), fd_(fd), on_failure_(std::move(on_failure)), thread_([this] { run(); }) {}

TraceWriter::~TraceWriter() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    wake_.notify_one();
  }
  thread_.join();
  ::close(fd_);
}

void TraceWriter::write(const char* line) {
  const std::size_t length = std::strlen(line);
  MutexLock lock(mutex_);
  if (failed_ || queue_.size() + length >= kLargestQueue) {
    ++dropped_;
    return;
  }
  queue_.append(line, length).push_back('\n');
  ++lines_;
  wake_.notify_one();
}

void TraceWriter::run() {
  pthread_setname_np(pthread_self(), "ekya-trace");
  MutexLock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::string bytes = std::exchange(queue_, {});
    lock.unlock();
    const bool written = write_all(bytes);
    const int error = errno;
    if (!written) on_failure_("cannot write " + path_ + ": " + reason(error));
    lock.lock();
    if (written) continue;
    failed_ = true;
    queue_.clear();
    return;
  }
}

bool TraceWriter::write_all(const std::string& bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace ekya::gst
