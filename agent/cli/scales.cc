#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

void print(const Json& scale) {
  std::cout << shown(scale["scale"]) << " (" << shown(scale["code"]) << ", site " << shown(scale["site"]) << ", "
            << shown(scale["profile"]) << ")  " << shown(scale["state"]);
  if (!scale["gross"].is_null()) std::cout << "  " << shown(scale["gross"]) << ' ' << shown(scale["unit"]);
  if (scale["mode"] == "net")
    std::cout << "  (shows net " << shown(scale["shown"]) << ", tare " << shown(scale["tare"]) << ")";
  std::cout << '\n';
  std::cout << "  "
            << (scale["refusal"].is_null() ? "a capture would be taken"
                                           : shown(scale["refusal"]) + ": " + shown(scale["sentence"]))
            << '\n';
  if (!scale["trouble"].is_null()) std::cout << "  trouble: " << shown(scale["trouble"]) << '\n';
}

}  // namespace

void add_scales(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("scales", "what the scales show now and whether a weight could be captured");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as JSON");
  command->callback([&context, json] {
    const auto scales = ask(context, {{"command", "scales"}});
    if (!scales) return;
    if (*json) return print_json(*scales);
    for (const auto& scale : *scales) print(scale);
    if (scales->empty()) std::cout << "no scale is configured\n";
  });
}

}  // namespace edge::cli
