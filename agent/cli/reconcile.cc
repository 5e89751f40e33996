#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "agent/cli/ask.h"
#include "agent/cli/reconcile_run.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kLook{250};
constexpr int kLooksALine = 8;  ///< looks between two lines of progress

std::string progress(const Json& status) {
  return shown(status["rows"]) + " records looked at, " + shown(status["blocks"]) + " blocks compared, " +
         shown(status["differ"]) + " differ, " + shown(status["missing"]) + " missing, " + shown(status["resent"]) +
         " sent again";
}

void print_end(Context& context, const Json& status) {
  if (status["state"] != "done") {
    const auto why = status["trouble"] == "" ? shown(status["state"]) : shown(status["trouble"], 500);
    return say_no(context, "not finished: " + why + ". What was found is sent; run it again for the rest (" +
                               progress(status) + ")");
  }
  std::cout << progress(status) << '\n';
  if (status["all"] == true) {
    std::cout << (status["dry_run"] == true ? "would be sent again: " + shown(status["missing"])
                                            : "pending again: " + shown(status["resent"]) +
                                                  "; the server answers duplicate to what it has")
              << '\n';
  } else if (status["missing"] == 0) {
    std::cout << "the server has everything it took\n";
  } else if (status["dry_run"] == true) {
    std::cout << "the server lacks " << shown(status["missing"]) << "; nothing was changed\n";
  } else {
    std::cout << "pending again: " << shown(status["resent"]) << "; edge-agent status shows when they are sent\n";
  }
}

void cancel(Context& context) {
  if (const auto status = ask(context, {{"command", "reconcile-cancel"}})) std::cout << progress(*status) << '\n';
}

}  // namespace

void run_reconcile(Context& context, const Json& request, bool json) {
  auto status = ask(context, request);
  Json told;
  for (int look = 1; status && (*status)["state"] == "running"; ++look) {
    std::this_thread::sleep_for(kLook);
    status = ask(context, {{"command", "reconcile-status"}});
    if (!status || json || look % kLooksALine != 0 || *status == told) continue;
    told = *status;
    std::cerr << progress(told) << (told["trouble"] == "" ? "" : "; waits: " + shown(told["trouble"])) << '\n';
  }
  if (!status) return;
  if (json) {
    print_json(*status);
    if ((*status)["state"] != "done") context.exit_code = kNo;
    return;
  }
  print_end(context, *status);
}

void add_reconcile(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("reconcile", "find what a restored server lacks of all that is kept, and send it");
  struct Options {
    bool dry_run = false, json = false, cancel = false;
  };
  auto options = std::make_shared<Options>();
  command->add_flag("--dry-run", options->dry_run, "only count what is missing");
  command->add_flag("--json", options->json, "as JSON");
  command->add_flag("--cancel", options->cancel, "end the one that is running");
  command->callback([&context, options] {
    if (options->cancel) return cancel(context);
    run_reconcile(context, {{"command", "reconcile-start"}, {"dry_run", options->dry_run}}, options->json);
  });
}

}  // namespace edge::cli
