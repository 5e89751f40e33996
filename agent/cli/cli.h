#pragma once
#include <string>
#include <string_view>

#include "agent/config.h"

namespace CLI {
class App;
}

namespace edge::cli {

/// Exit codes of every subcommand.
inline constexpr int kYes = 0;     ///< done, healthy, valid
inline constexpr int kNo = 1;      ///< done, and the answer is no: not healthy, findings, refused
inline constexpr int kCannot = 2;  ///< could not be done

/// What the subcommands share while the line is parsed and run.
struct Context {
  std::string config_file = "/etc/edge-agent/edge-agent.toml";
  int exit_code = kYes;
};

/// The whole command line; never throws.
int run(int argc, char** argv);

// One file each: adds the subcommand to the line.
void add_run(CLI::App& app, Context& context);
void add_check_config(CLI::App& app, Context& context);
void add_enroll(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_outbox(CLI::App& app, Context& context);
void add_dead_letters(CLI::App& app, Context& context);
void add_scales(CLI::App& app, Context& context);
void add_ticket(CLI::App& app, Context& context);
void add_alibi(CLI::App& app, Context& context);
void add_reconcile(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_reload(CLI::App& app, Context& context);
void add_tap(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);

}  // namespace edge::cli
