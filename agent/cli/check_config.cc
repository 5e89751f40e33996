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

/// kCannot: the agent would not start with it; kNo: it would, but something it names is not there.
int check(const std::string& file) {
  const auto config = load_config(file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return kCannot;
  }
  const auto missing = unreadable_certificates(*config);
  for (const auto& line : missing) std::cerr << file << ": " << line << '\n';
  if (const auto secrets = read_secrets(*config); !secrets) {
    std::cerr << file << ": " << secrets.error().detail << '\n';
    return kCannot;
  }
  if (!missing.empty()) return kNo;
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
