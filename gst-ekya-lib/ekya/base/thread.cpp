// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ekya {

void enter_background_thread(const char* name) {
  constexpr int kNiceness = 10;
  pthread_setname_np(pthread_self(), name);
  // On Linux a thread has a niceness of its own; a refusal (EACCES) leaves the default, which is only slower.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
}

}  // namespace ekya
