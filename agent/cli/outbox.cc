#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

struct Options {
  std::int64_t limit = 50, after = 0;
  bool json = false;
};

void print(const nlohmann::ordered_json& rows) {
  for (const auto& row : rows) {
    std::cout << shown(row["epoch"]) << '/' << shown(row["seq"]) << "  " << time_of(row["observed_at"]) << "  "
              << shown(row["site"]) << '/' << shown(row["device"]) << "  " << shown(row["type"]) << " "
              << shown(row["value"]) << ' ' << shown(row["unit"], 20) << "  " << shown(row["flag"])
              << (row["tried"] == true ? "  tried" : "") << '\n';
  }
  if (rows.empty()) std::cout << "nothing waits\n";
}

}  // namespace

void add_outbox(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("outbox", "what waits for the server");
  group->require_subcommand(1);
  auto* list = group->add_subcommand("list", "the oldest rows first");
  auto options = std::make_shared<Options>();
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

}  // namespace edge::cli
