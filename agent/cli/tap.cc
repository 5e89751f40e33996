#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>

#include "agent/cli/ask.h"
#include "protocols/bytes.h"

namespace edge::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kEvery{250};
constexpr std::size_t kFirst = 10;  ///< lines of the past before it follows, as tail -f does
constexpr int kPage = 1'000;

struct Options {
  std::string source;
  std::size_t count = 0;  ///< 0 = follows until it is interrupted
  bool json = false;
};

/// The bytes as hex and, for what is text on the line, as characters.
void print(const Json& line, bool json) {
  if (json) {
    std::cout << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return;
  }
  const auto hex = line["hex"].get<std::string>();
  std::cout << time_of(line["at"]) << "  " << shown(line["source"], 64) << "  " << hex << "  |"
            << for_log(from_hex(hex).value_or(""), 120) << "|  " << shown(line["what"]) << '\n';
}

void follow(Context& context, const Options& options) {
  std::int64_t after = 0;
  std::size_t printed = 0;
  for (bool first = true;; first = false) {
    const auto lines =
        ask(context, {{"command", "tap"}, {"source", options.source}, {"after", after}, {"limit", kPage}});
    if (!lines) return;
    const std::size_t wanted = options.count == 0 ? kFirst : options.count;
    std::size_t skip = first && lines->size() > wanted ? lines->size() - wanted : 0;
    for (const auto& line : *lines) {
      after = line["number"].get<std::int64_t>();
      if (skip > 0) {
        --skip;
        continue;
      }
      print(line, options.json);
      if (++printed == options.count) return;
    }
    std::cout.flush();
    std::this_thread::sleep_for(kEvery);
  }
}

}  // namespace

void add_tap(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("tap", "what goes over the lines to scales and buses");
  auto options = std::make_shared<Options>();
  command->add_option("source", options->source, "only this scale or bus");
  command->add_option("--count", options->count, "end after so many lines, the newest that are there first counted");
  command->add_flag("--json", options->json, "one JSON object a line");
  command->callback([&context, options] { follow(context, *options); });
}

}  // namespace edge::cli
