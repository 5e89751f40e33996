#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::int64_t limit = 50, after = 0, id = 0;
  std::string code;
  bool all = false, json = false;
};
using Shared = std::shared_ptr<Options>;

void print_list(const Json& letters) {
  for (const auto& letter : letters) {
    std::cout << shown(letter["id"]) << "  " << time_of(letter["at"]) << "  " << shown(letter["status"]) << ' '
              << shown(letter["code"], 40) << "  " << shown(letter["field"], 40) << "  " << shown(letter["message"])
              << '\n';
  }
  if (letters.empty()) std::cout << "no dead letters\n";
}

void print_letter(const Json& letter) {
  for (const auto& [key, value] : letter.items()) {
    std::cout << key << ": " << (key == "at" ? time_of(value) : shown(value, 20'000)) << '\n';
  }
}

void add_list(CLI::App& group, Context& context, const Shared& options) {
  auto* list = group.add_subcommand("list", "the oldest first");
  list->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 1'000))->capture_default_str();
  list->add_option("--after", options->after, "only those after this id");
  list->add_flag("--json", options->json, "as JSON");
  list->callback([&context, options] {
    const auto letters =
        ask(context, {{"command", "dead-letters-list"}, {"limit", options->limit}, {"after", options->after}});
    if (!letters) return;
    if (options->json) {
      std::cout << letters->dump(2) << '\n';
    } else {
      print_list(*letters);
    }
  });
}

void add_show(CLI::App& group, Context& context, const Shared& options) {
  auto* show = group.add_subcommand("show", "one, with the whole record");
  show->add_option("id", options->id, "its id")->required();
  show->add_flag("--json", options->json, "as JSON");
  show->callback([&context, options] {
    const auto letter = ask(context, {{"command", "dead-letters-show"}, {"id", options->id}});
    if (!letter) return;
    if (options->json) {
      std::cout << letter->dump(2) << '\n';
    } else {
      print_letter(*letter);
    }
  });
}

void add_requeue(CLI::App& group, Context& context, const Shared& options) {
  auto* requeue = group.add_subcommand("requeue", "send again: one, those of one code, or all");
  auto* which = requeue->add_option_group("which");
  which->add_option("id", options->id, "its id");
  which->add_option("--code", options->code, "all with this code");
  which->add_flag("--all", options->all, "all");
  which->require_option(1);
  requeue->callback([&context, options] {
    Json request = {{"command", "dead-letters-requeue"}};
    if (options->all) {
      request["all"] = true;
    } else if (!options->code.empty()) {
      request["code"] = options->code;
    } else {
      request["id"] = options->id;
    }
    if (const auto done = ask(context, request)) std::cout << shown((*done)["requeued"]) << " to be sent again\n";
  });
}

}  // namespace

void add_dead_letters(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("dead-letters", "what the server refused");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_list(*group, context, options);
  add_show(*group, context, options);
  add_requeue(*group, context, options);
}

}  // namespace edge::cli
