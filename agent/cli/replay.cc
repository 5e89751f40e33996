#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "agent/cli/ask.h"
#include "agent/cli/reconcile_run.h"
#include "agent/config_values.h"
#include "protocols/record/time.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string since, until;
  bool all = false, dry_run = false, json = false;
};

/// "2026-02-23T10:00:00Z", or "36h" "2d" for so long ago.
std::optional<std::int64_t> moment(const std::string& text) {
  if (const auto at = parse_instant(text)) return at;
  const auto ago = parse_duration(text);
  if (!ago) return std::nullopt;
  using std::chrono::milliseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count() - ago->count();
}

std::string is_moment(const std::string& text) {
  if (moment(text)) return {};
  return "\"" + text + "\" is no time: write 2026-02-23T10:00:00Z, or 36h or 2d for so long ago";
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("replay", "send again what was received in a range of time and the server lacks");
  auto options = std::make_shared<Options>();
  command->add_option("--since", options->since, "received from this time on: 2026-02-23T10:00:00Z, or 36h ago")
      ->required()
      ->check(is_moment);
  command->add_option("--until", options->until, "and up to this one")->check(is_moment);
  auto* all = command->add_flag("--all", options->all, "all of it, without asking what is missing");
  command->add_flag("--dry-run", options->dry_run, "only count what is missing")->excludes(all);
  command->add_flag("--json", options->json, "as JSON");
  command->callback([&context, options] {
    Json request = {{"command", "reconcile-start"}, {"since", *moment(options->since)}};
    if (!options->until.empty()) request["until"] = *moment(options->until);
    request["all"] = options->all;
    request["dry_run"] = options->dry_run;
    run_reconcile(context, request, options->json);
  });
}

}  // namespace edge::cli
