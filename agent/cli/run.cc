#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/app.h"
#include "agent/cli/cli.h"

namespace edge::cli {

void add_run(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("run", "run the agent until SIGTERM or SIGINT");
  command->callback([&context] {
    try {
      context.exit_code = run_agent(context.config_file);
    } catch (const std::exception& error) {
      std::cerr << "edge-agent: cannot start: " << error.what() << '\n';
      context.exit_code = kCannot;
    }
  });
}

}  // namespace edge::cli
