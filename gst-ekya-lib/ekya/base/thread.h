// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ekya {

/// Makes the calling thread yield to live inference: niceness +10, and the name in `ps -L` (15 characters at most).
/// Works without root. For labelling and training threads.
void enter_background_thread(const char* name);

}  // namespace ekya
