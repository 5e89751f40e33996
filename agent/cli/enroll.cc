#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <iostream>
#include <memory>

#include "agent/ask.h"
#include "agent/cli/ask.h"
#include "agent/enroll.h"
#include "protocols/bytes.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string url, code, fingerprint;
};

int cannot(const Error& error) {
  std::cerr << "edge-agent: " << one_line(error.detail, 500) << '\n';
  return error.code == Errc::kRefused ? kNo : kCannot;
}

/// "A1:B2…" and "a1b2…" are one.
std::string plain_hex(std::string text) {
  std::erase_if(text, [](char c) { return c == ':' || c == ' '; });
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string in_pairs(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) out += (i == 0 ? "" : ":") + hex.substr(i, 2);
  return out;
}

/// A person's word that this is the certificate that Desk shows beside the code.
bool confirmed(const PresentedCertificate& seen, const std::string& fingerprint) {
  std::cout << "certificate  " << one_line(seen.subject, 200) << "\nSHA-256      " << in_pairs(seen.sha256) << '\n'
            << (seen.trusted ? "This machine trusts it already.\n" : "This machine does not know it yet.\n");
  if (!fingerprint.empty()) {
    if (plain_hex(fingerprint) == seen.sha256) return true;
    std::cerr << "edge-agent: this is not the certificate of --fingerprint: nothing was sent\n";
    return false;
  }
  if (::isatty(STDIN_FILENO) == 0) {
    std::cerr << "edge-agent: say --fingerprint with the SHA-256 that Desk shows beside the code: nothing was sent\n";
    return false;
  }
  std::cout << "Does Desk show the same SHA-256 beside the code? Type yes: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "yes") return true;
  std::cerr << "edge-agent: nothing was sent\n";
  return false;
}

/// The store, in a running agent or alone, goes on in the epoch that came with the key: an older one is refused.
bool take_over(const Config& config, const std::string& epoch) {
  for (const Json& request : {Json{{"command", "epoch-grant"}, {"epoch", epoch}}, Json{{"command", "reload"}}}) {
    const auto line = ask_agent(config, request.dump());
    if (!line) return line.error().code == Errc::kNotFound;  // no store yet: its first start asks for an epoch itself
    const auto answer = Json::parse(*line, nullptr, false);
    if (answer.is_object() && answer.value("ok", false)) continue;
    if (request["command"] == "reload") return true;  // no agent is running
    std::cerr << "edge-agent: " << shown(answer.is_object() ? answer.value("error", Json()) : Json(), 500) << '\n';
    return false;
  }
  return true;
}

int enrol_now(const Context& context, const Options& said) {
  const auto plan = plan_enrolment(said.url, said.code, context.config_file);
  if (!plan) return cannot(plan.error());
  std::optional<PresentedCertificate> seen;
  if (plan->encrypted) {
    auto looked = look_at_server(*plan);
    if (!looked) return cannot(looked.error());
    if (!confirmed(*looked, said.fingerprint)) return kNo;
    seen = *std::move(looked);
  }
  const auto got = enrol(*plan, seen ? &*seen : nullptr);
  if (!got) return cannot(got.error());
  std::cout << "gateway      " << got->gateway << ", epoch " << got->epoch << "\nkey          " << got->key_id << " in "
            << plan->key_file.string() << "\nsites        ";
  for (const auto& site : got->sites) std::cout << site << ' ';
  std::cout << "\nwritten to   " << plan->config_file.string() << '\n';
  const auto config = load_config(plan->config_file);
  if (!config) {
    std::cerr << "edge-agent: the key is there; the configuration still needs a person:\n" << config.error().detail << '\n';
    return kNo;
  }
  return take_over(*config, got->epoch) ? kYes : kNo;
}

}  // namespace

void add_enroll(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("enroll", "make this machine a gateway with a code from Desk");
  auto options = std::make_shared<Options>();
  command->add_option("url", options->url, "of the Frappe site: https://erp.example.org")->required();
  command->add_option("code", options->code, "from the Edge Gateway in Desk; good for ten minutes, once")->required();
  command->add_option("--fingerprint", options->fingerprint, "SHA-256 that Desk shows; without it you are asked");
  command->callback([&context, options] { context.exit_code = enrol_now(context, *options); });
}

}  // namespace edge::cli
