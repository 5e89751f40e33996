#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "agent/ask.h"
#include "agent/cli/ask.h"
#include "protocols/bytes.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::int64_t limit = 50, after = 0;
  bool json = false;
  std::string file;
};
using Shared = std::shared_ptr<Options>;

void print(const Json& rows) {
  for (const auto& row : rows) {
    std::cout << shown(row["epoch"]) << '/' << shown(row["seq"]) << "  " << time_of(row["observed_at"]) << "  "
              << shown(row["site"]) << '/' << shown(row["device"]) << "  " << shown(row["type"]) << " "
              << shown(row["value"]) << ' ' << shown(row["unit"], 20) << "  " << shown(row["flag"])
              << (row["tried"] == true ? "  tried" : "") << '\n';
  }
  if (rows.empty()) std::cout << "nothing waits\n";
}

void add_list(CLI::App& group, Context& context, const Shared& options) {
  auto* list = group.add_subcommand("list", "the oldest rows first");
  list->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 1'000))->capture_default_str();
  list->add_option("--after", options->after, "only rows after this id");
  list->add_flag("--json", options->json, "as JSON");
  list->callback([&context, options] {
    const auto rows = ask(context, {{"command", "outbox-list"}, {"limit", options->limit}, {"after", options->after}});
    if (!rows) return;
    if (options->json) {
      std::cout << rows->dump(2) << '\n';
    } else {
      print(*rows);
    }
  });
}

void add_backup(CLI::App& group, Context& context, const Shared& options) {
  auto* backup = group.add_subcommand("backup", "a checked copy of the store in a new file; the agent may run");
  backup->add_option("file", options->file, "where to; the agent's own user writes it")->required();
  backup->callback([&context, options] {
    const auto file = std::filesystem::absolute(options->file).string();
    const auto made = ask(context, {{"command", "outbox-backup"}, {"file", file}}, kLongPatience);
    if (!made) return;
    std::cout << shown((*made)["file"], 4'096) << ": " << shown((*made)["rows"]) << " rows, "
              << bytes_of((*made)["bytes"]) << ", checked\n";
  });
}

/// What works on the files themselves: the configuration, then `work`; its error is a no.
template <class Work>
void on_files(Context& context, const Work& work) {
  const auto config = load_config(context.config_file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    context.exit_code = kCannot;
    return;
  }
  if (const auto done = work(*config); !done) say_no(context, one_line(done.error().detail, 500));
}

void add_restore(CLI::App& group, Context& context, const Shared& options) {
  auto* restore = group.add_subcommand("restore", "puts a backup in the place of the store; no agent may run");
  restore->add_option("file", options->file, "made by outbox backup")->required();
  restore->callback([&context, options] {
    on_files(context, [&](const Config& config) -> Result<void> {
      const auto kept = restore_store(config, std::filesystem::absolute(options->file));
      if (!kept) return tl::unexpected(kept.error());
      std::cout << "restored. The agent goes on in a new epoch";
      if (!kept->empty()) std::cout << "; the store before is kept in " << kept->string();
      std::cout << '\n';
      return {};
    });
  });
}

void add_compact(CLI::App& group, Context& context) {
  auto* compact = group.add_subcommand("compact", "gives unused space of the store back to the disk; no agent may run");
  compact->callback([&context] {
    on_files(context, [&](const Config& config) -> Result<void> {
      const auto sizes = compact_files(config);
      if (!sizes) return tl::unexpected(sizes.error());
      std::cout << bytes_of(sizes->first) << " before, " << bytes_of(sizes->second) << " now\n";
      return {};
    });
  });
}

}  // namespace

void add_outbox(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("outbox", "what waits for the server, and the store it waits in");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_list(*group, context, options);
  add_backup(*group, context, options);
  add_restore(*group, context, options);
  add_compact(*group, context);
}

}  // namespace edge::cli
