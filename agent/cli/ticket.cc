#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "agent/cli/ask.h"
#include "agent/cli/slip.h"
#include "agent/cli/ticket_lists.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kAgain{250};
/// Refusals that pass by themselves while a vehicle stands on the scale.
constexpr std::array<std::string_view, 5> kPassing = {"in_motion", "not_settled", "no_signal", "stale", "bad_frame"};

struct Options {
  std::string scale, vehicle, declared, direction, order, lot, driver, operator_id;
  std::string override_reason, manual, unit, reason, number;
  std::int64_t id = 0, pass = 0, limit = 50, wait_ms = 0;
  bool json = false;
};
using Shared = std::shared_ptr<Options>;

/// A request with the texts that were said.
Json request_of(const char* command, std::initializer_list<std::pair<const char*, const std::string*>> texts) {
  Json out = {{"command", command}};
  for (const auto& [key, text] : texts) {
    if (!text->empty()) out[key] = *text;
  }
  return out;
}

CLI::App* add_action(CLI::App& group, const char* name, const char* what, const Shared& options) {
  auto* action = group.add_subcommand(name, what);
  action->add_flag("--json", options->json, "as JSON");
  return action;
}

void add_direction(CLI::App& action, const Shared& options) {
  action.add_option("--direction", options->direction, "Receive: the first weight is the gross; Dispatch: the tare")
      ->transform(CLI::IsMember({"Receive", "Dispatch"}, CLI::ignore_case));
}

bool passes(const std::string& error) {
  const auto code = std::string_view(error).substr(0, error.find(':'));
  return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

/// Asks again while the refusal is one that passes and there is time.
std::optional<Json> ask_for(Context& context, const Json& request, std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (true) {
    auto answer = answer_to(context, request);
    if (!answer) return std::nullopt;
    if (answer->ok) return std::move(answer->result);
    if (!passes(answer->error) || std::chrono::steady_clock::now() >= deadline) {
      say_no(context, answer->error);
      return std::nullopt;
    }
    std::this_thread::sleep_for(kAgain);
  }
}

void show_slip(Context& context, const Json& number, bool json) {
  const auto ticket = ask(context, {{"command", "ticket-show"}, {"number", number}});
  if (!ticket) return;
  if (json) return print_json(*ticket);
  print_slip(*ticket);
}

void add_start(CLI::App& group, Context& context, const Shared& options) {
  auto* start = add_action(group, "start", "open a ticket for a vehicle", options);
  start->add_option("--scale", options->scale, "needed where there are several");
  start->add_option("--vehicle", options->vehicle, "its plate; needed unless the order names it");
  start->add_option("--declared", options->declared, "declared net weight in kilograms");
  add_direction(*start, options);
  start->add_option("--order", options->order, "weighing order; fills in what is not said");
  start->add_option("--lot", options->lot, "lot");
  start->add_option("--driver", options->driver, "driver");
  start->add_option("--operator", options->operator_id, "who weighs");
  start->callback([&context, options] {
    const auto& said = *options;
    const auto ticket = ask(context, request_of("ticket-start", {{"scale", &said.scale},
                                                                 {"vehicle", &said.vehicle},
                                                                 {"declared_net_kg", &said.declared},
                                                                 {"direction", &said.direction},
                                                                 {"order", &said.order},
                                                                 {"lot", &said.lot},
                                                                 {"driver", &said.driver},
                                                                 {"operator", &said.operator_id}}));
    if (!ticket) return;
    if (said.json) return print_json(*ticket);
    print_open(*ticket);
  });
}

void add_capture(CLI::App& group, Context& context, const Shared& options) {
  auto* capture = add_action(group, "capture", "keep the weight that stands on the scale", options);
  auto* id = capture->add_option("id", options->id, "of the open ticket; without it the weight belongs to none");
  capture->add_option("--pass", options->pass, "which weight of the ticket: refused unless it is the next one")
      ->check(CLI::Range(1, 2))
      ->needs(id);
  capture->add_option("--scale", options->scale, "needed without a ticket where there are several");
  capture->add_option("--operator", options->operator_id, "who weighs");
  auto* override_it = capture->add_option("--override", options->override_reason,
                                          "why no_zero_return, below_min or over_capacity may pass");
  auto* manual = capture->add_option("--manual", options->manual, "a weight keyed in, said as such");
  auto* unit = capture->add_option("--unit", options->unit, "of --manual: kg, g, t or lb")->needs(manual);
  auto* reason = capture->add_option("--reason", options->reason, "of --manual: why it is keyed in")->needs(manual);
  manual->needs(unit)->needs(reason)->excludes(override_it);
  const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1'000}, {"m", 60'000}};
  capture->add_option("--wait", options->wait_ms, "\"30s\": try so long while the weight is not there or not still yet")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED));
  capture->callback([&context, options, id] {
    const auto& said = *options;
    auto request = request_of("ticket-capture", {{"scale", &said.scale},
                                                 {"operator", &said.operator_id},
                                                 {"override", &said.override_reason},
                                                 {"value", &said.manual},
                                                 {"unit", &said.unit},
                                                 {"reason", &said.reason}});
    if (id->count() > 0) request["id"] = said.id;
    if (said.pass != 0) request["pass"] = said.pass;
    const auto weighing = ask_for(context, request, std::chrono::milliseconds(said.wait_ms));
    if (!weighing) return;
    if (said.json) return print_json(*weighing);
    print_weight(*weighing);
  });
}

void add_complete(CLI::App& group, Context& context, const Shared& options) {
  auto* complete = add_action(group, "complete", "finish a ticket that has both weights; it gets its number", options);
  complete->add_option("id", options->id, "of the open ticket")->required();
  add_direction(*complete, options);
  complete->add_option("--operator", options->operator_id, "who weighs");
  complete->callback([&context, options] {
    auto request =
        request_of("ticket-complete", {{"direction", &options->direction}, {"operator", &options->operator_id}});
    request["id"] = options->id;
    const auto ticket = ask(context, request);
    if (!ticket) return;
    if (options->json) return print_json(*ticket);
    show_slip(context, (*ticket)["number"], false);
  });
}

void add_void(CLI::App& group, Context& context, const Shared& options) {
  auto* end = add_action(group, "void", "declare a finished ticket void", options);
  end->add_option("number", options->number, "of the ticket")->required();
  end->add_option("--reason", options->reason, "why")->required();
  end->add_option("--operator", options->operator_id, "who says so");
  end->callback([&context, options] {
    const auto record = ask(context, request_of("ticket-void", {{"number", &options->number},
                                                                {"reason", &options->reason},
                                                                {"operator", &options->operator_id}}));
    if (!record) return;
    if (options->json) return print_json(*record);
    std::cout << "ticket " << shown(Json(options->number)) << " is void\n";
  });
}

void add_drop(CLI::App& group, Context& context, const Shared& options) {
  auto* drop = add_action(group, "drop", "give up an open ticket; its weights stay in the alibi memory", options);
  drop->add_option("id", options->id, "of the open ticket")->required();
  drop->callback([&context, options] {
    const auto done = ask(context, {{"command", "ticket-drop"}, {"id", options->id}});
    if (!done) return;
    if (options->json) return print_json(*done);
    std::cout << "ticket " << options->id << " is dropped\n";
  });
}

void add_reading(CLI::App& group, Context& context, const Shared& options) {
  auto* list = add_action(group, "list", "open tickets, then the newest finished ones", options);
  list->add_option("--limit", options->limit, "at most so many finished")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  list->callback([&context, options] {
    const auto tickets = ask(context, {{"command", "ticket-list"}, {"limit", options->limit}});
    if (!tickets) return;
    if (options->json) return print_json(*tickets);
    print_tickets(*tickets);
  });
  auto* show = add_action(group, "show", "the slip of a finished ticket", options);
  show->add_option("number", options->number, "of the ticket")->required();
  show->callback([&context, options] { show_slip(context, options->number, options->json); });
}

}  // namespace

void add_ticket(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("ticket", "weigh a vehicle: start, capture, capture, complete");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_start(*group, context, options);
  add_capture(*group, context, options);
  add_complete(*group, context, options);
  add_void(*group, context, options);
  add_drop(*group, context, options);
  add_reading(*group, context, options);
}

}  // namespace edge::cli
