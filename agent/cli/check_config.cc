#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/cli/cli.h"
#include "agent/secrets.h"

namespace edge::cli {
namespace {

void list_keys() {
  for (const auto& key : list_config_keys()) {
    std::cout << key.key << '\t' << key.type << '\t' << key.fallback << '\n';
  }
}

int check(const std::string& file) {
  const auto config = load_config(file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return config.error().code == Errc::kMalformed ? kNo : kCannot;
  }
  const auto wrong = check_files(*config);
  for (const auto& line : wrong) std::cerr << file << ": " << line << '\n';
  if (!wrong.empty()) return kNo;
  std::cout << file << ": good\n";
  return kYes;
}

}  // namespace

void add_check_config(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("check-config", "check the configuration file and the files it names");
  auto keys_only = std::make_shared<bool>(false);
  command->add_flag("--list-keys", *keys_only, "print every key: name, type and default, tab-separated");
  command->callback([&context, keys_only] {
    if (*keys_only) {
      list_keys();
    } else {
      context.exit_code = check(context.config_file);
    }
  });
}

}  // namespace edge::cli
