#include <CLI/CLI.hpp>
#include <iomanip>
#include <iostream>
#include <memory>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

void line(const char* name, const std::string& text) {
  std::cout << std::left << std::setw(15) << name << text << '\n';
}

std::string yes_no(const Json& value) { return value == true ? "yes" : "no"; }

void print_delivery(const Json& status) {
  const auto& sync = status["sync"];
  auto text = shown(sync["state"]);
  if (sync["reason"] != "") text += ": " + shown(sync["reason"]);
  if (!sync["since"].is_null()) text += " (since " + time_of(sync["since"]) + ")";
  line("delivery", text);
  line("last success", time_of(sync["last_success_at"]));
  if (!status["certificate_expires"].is_null()) line("certificate", "of the server ends " + time_of(status["certificate_expires"]));
  text = shown(status["pending"]) + ", oldest " + time_of(status["oldest_pending_at"]);
  if (status["backlog"] != 0) text += " (" + shown(status["backlog"]) + " of them a backlog: newer ones go ahead of it)";
  line("pending", text);
  line("dead letters", shown(status["dead_letters"]));
}

/// Each sum with the parts that are not zero; a sum that does not add up shows all of them.
void print_sum(const char* name, const Json& sum) {
  std::string text = shown(sum["total"]) + " = ";
  bool first = true;
  for (const auto& [part, count] : sum.items()) {
    if (part == "total") continue;
    text += (first ? "" : " + ") + shown(count) + ' ' + part;
    first = false;
  }
  line(name, text);
}

void print_store(const Json& store) {
  line("store", bytes_of(store["used_bytes"]) + " used of " + bytes_of(store["max_bytes"]) + ", " +
                    shown(store["rows"]) + " rows, disk " + shown(store["disk_used_pct"]) + " % used" +
                    (store["accepting"] == true ? "" : ", FULL: sources are paused"));
  if (store["failure"] != "") line("", "nothing is durable: " + shown(store["failure"]));
  if (!store["corrupt_at"].is_null()) {
    line("",
         "a corrupt store was set aside " + time_of(store["corrupt_at"]) + " in " + shown(store["corrupt_kept_in"]));
  }
  const auto& recovery = store["recovery"];
  if (recovery["salvaging"] != "") {
    line("", "being put back: " + shown(recovery["salvaging"]) + ", " + shown(recovery["put_back"]) + " rows so far");
  } else if (recovery["put_back"] != 0) {
    line("", shown(recovery["put_back"]) + " rows were put back from damaged or replaced stores");
  }
}

void print(const Json& status) {
  line("gateway", shown(status["gateway"]) + ", edge-agent " + shown(status["version"]) +
                      (status["running"] == true ? "" : " (not running, read from its file)"));
  line("healthy",
       yes_no(status["healthy"]) + ", ready " + yes_no(status["ready"]) + ", clock " + shown(status["clock"]));
  for (const auto& reason : status["reasons"]) line("", shown(reason["code"]) + ": " + shown(reason["text"]));
  line("epoch", shown(status["epoch"]) + (status["provisional"] == true ? " (provisional)" : ""));
  if (status["epoch_error"] != "") line("", shown(status["epoch_error"]));
  print_delivery(status);
  const auto& sums = status["conservation"];
  print_sum("messages", sums["messages"]);
  print_sum("readings", sums["readings"]);
  line("adds up", yes_no(sums["adds_up"]));
  for (const auto& source : status["sources"]) {
    line("source", shown(source["name"]) + ' ' + shown(source["state"]) + " since " + time_of(source["since"]) +
                       (source["error"] == "" ? "" : ": " + shown(source["error"])));
  }
  print_store(status["store"]);
  const auto& days = status["horizon_days"];
  if (days.is_number())
    line("horizon", shown(Json(static_cast<std::int64_t>(days.get<double>()))) + " days at today's rate");
  const auto& policy = status["policy"];
  line("policies", policy["version"] == "" ? "none pulled yet" : "version " + shown(policy["version"]));
  if (policy["last_error"] != "") line("", shown(policy["last_error"]));
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("status", "what the agent holds, sends and lacks; 1 where it is not healthy");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as JSON");
  command->callback([&context, json] {
    const auto status = ask(context, {{"command", "status"}});
    if (!status) return;
    if (*json) {
      std::cout << status->dump(2) << '\n';
    } else {
      print(*status);
    }
    if ((*status)["healthy"] != true || (*status)["conservation"]["adds_up"] != true) context.exit_code = kNo;
  });
}

}  // namespace edge::cli
