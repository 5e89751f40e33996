#include "agent/version.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/cli.h"

namespace edge::cli {

void add_version(CLI::App& app, Context&) {
  app.add_subcommand("version", "print the version")->callback([] { std::cout << "edge-agent " << kVersion << '\n'; });
}

}  // namespace edge::cli
