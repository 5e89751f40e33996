#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/cli/ask.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string scale, uid;
  std::int64_t limit = 50, after = 0;
  bool json = false;
};
using Shared = std::shared_ptr<Options>;

void print_report(const Json& report) {
  std::cout << shown(report["scale"]) << ": " << shown(report["records"]) << " records in " << shown(report["epochs"])
            << (report["epochs"] == 1 ? " epoch " : " epochs ")
            << (report["verifies"] == true ? "verify" : "DO NOT VERIFY") << ", newest epoch "
            << shown(report["head_epoch"]) << " number " << shown(report["head_seq"]) << ", hash "
            << shown(report["head_hash"]) << '\n';
  for (const auto& fault : report["faults"]) std::cout << "  " << shown(fault) << '\n';
}

void print_record(const Json& record) {
  const bool genesis = record["role"] == "genesis";
  std::cout << shown(record.value("id", Json(nullptr))) << "  " << shown(record["scale"]) << " epoch "
            << shown(record.value("epoch", Json(nullptr))) << " number " << shown(record["alibi_seq"]) << "  "
            << time_of(record["at"]) << "  ";
  if (!genesis) std::cout << shown(record["value"]) << ' ' << shown(record["unit"], 20) << "  ";
  std::cout << shown(record["role"]);
  if (!genesis) std::cout << "  " << shown(record["stability"]);
  if (record.value("manual", Json(false)) == true) {
    std::cout << "  keyed in: " << shown(record.value("reason", Json(nullptr)));
  }
  if (record.contains("override")) std::cout << "  override " << shown(record["override"]);
  std::cout << "  " << shown(record["hash"]) << '\n';
}

void add_verify(CLI::App& group, Context& context, const Shared& options) {
  auto* verify = group.add_subcommand("verify", "recompute every hash and link; 1 where one is wrong");
  verify->add_option("--scale", options->scale, "only this scale");
  verify->add_flag("--json", options->json, "as JSON");
  verify->callback([&context, options] {
    const auto result = ask(context, {{"command", "alibi-verify"}, {"scale", options->scale}}, kLongPatience);
    if (!result) return;
    if ((*result)["verifies"] != true) context.exit_code = kNo;
    if (options->json) return print_json(*result);
    for (const auto& report : (*result)["scales"]) print_report(report);
    if ((*result)["scales"].empty()) std::cout << "nothing was ever weighed\n";
  });
}

void add_show(CLI::App& group, Context& context, const Shared& options) {
  auto* show = group.add_subcommand("show", "the records of a scale, the oldest first, or one");
  show->add_option("uid", options->uid, "only the one with this uid");
  show->add_option("--scale", options->scale, "needed where there are several");
  show->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 1'000))->capture_default_str();
  show->add_option("--after", options->after, "only those after this id");
  show->add_flag("--json", options->json, "as JSON");
  show->callback([&context, options] {
    const auto records = ask(context, {{"command", "alibi-show"},
                                       {"scale", options->scale},
                                       {"uid", options->uid},
                                       {"limit", options->limit},
                                       {"after", options->after}});
    if (!records) return;
    if (options->json) return print_json(*records);
    for (const auto& record : *records) print_record(record);
    if (records->empty()) std::cout << "no records\n";
  });
}

}  // namespace

void add_alibi(CLI::App& app, Context& context) {
  auto* group = app.add_subcommand("alibi", "the memory of every captured weight");
  group->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_verify(*group, context, options);
  add_show(*group, context, options);
}

}  // namespace edge::cli
