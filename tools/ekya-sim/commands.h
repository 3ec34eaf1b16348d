// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <CLI/CLI.hpp>

#include "ekya/base/result.h"

namespace ekya::sim {

/// Each adds its subcommand to the program; running it leaves what came of it in `result`.
void add_compare(CLI::App& app, Status& result);
void add_generate(CLI::App& app, Status& result);
void add_plan(CLI::App& app, Status& result);
void add_replay(CLI::App& app, Status& result);
void add_reproduce(CLI::App& app, Status& result);
void add_run(CLI::App& app, Status& result);

}  // namespace ekya::sim
