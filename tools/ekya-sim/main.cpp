// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-sim: plans windows, simulates them and compares policies; see docs/simulator.md.
#include <cstdio>

#include "ekya-sim/commands.h"

int main(int argc, char** argv) {
  CLI::App app{"Plans windows of an edge box, simulates them and compares policies"};
  app.require_subcommand(1);
  ekya::Status result;
  ekya::sim::add_plan(app, result);
  ekya::sim::add_run(app, result);
  ekya::sim::add_replay(app, result);
  ekya::sim::add_generate(app, result);
  ekya::sim::add_compare(app, result);
  ekya::sim::add_reproduce(app, result);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (result) return 0;
  std::fprintf(stderr, "ekya-sim: %s\n", result.error().message.c_str());
  return 1;
}
