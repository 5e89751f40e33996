#include "agent/cli/cli.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/signals.h"

namespace edge::cli {

int run(int argc, char** argv) {
  Context context;
  try {
    CLI::App app{"Site Edge agent: field readings to Frappe, durable before acknowledged", "edge-agent"};
    app.require_subcommand(1);
    app.add_option("--config", context.config_file, "the configuration file")->capture_default_str();
    app.fallthrough();  // --config also after the subcommand
    app.parse_complete_callback([&app] {
      if (!app.got_subcommand("run")) let_signals_go();
    });
    add_run(app, context);
    add_check_config(app, context);
    add_enroll(app, context);
    add_status(app, context);
    add_outbox(app, context);
    add_dead_letters(app, context);
    add_scales(app, context);
    add_ticket(app, context);
    add_alibi(app, context);
    add_reconcile(app, context);
    add_replay(app, context);
    add_reload(app, context);
    add_tap(app, context);
    add_version(app, context);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? kYes : kCannot;
    }
  } catch (const std::exception& error) {
    std::cerr << "edge-agent: " << error.what() << '\n';
    return kCannot;
  }
  return context.exit_code;
}

}  // namespace edge::cli
