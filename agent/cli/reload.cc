#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/ask.h"

namespace edge::cli {

void add_reload(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("reload", "read configuration, keys and passwords again, as SIGHUP does");
  command->callback([&context] {
    if (ask(context, {{"command", "reload"}})) std::cout << "reloaded\n";
  });
}

}  // namespace edge::cli
