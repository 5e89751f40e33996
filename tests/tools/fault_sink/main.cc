#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "tests/tools/fault_sink/server.h"

int main(int argc, char** argv) {
  edge::sink::Options options;
  CLI::App app("A server that costs little: says \"stored\" to every new uid and counts.", "fault-sink");
  app.add_option("--port", options.port, "On 127.0.0.1; 0 = any")->capture_default_str();
  auto* count_only = app.add_flag("--count-only", options.count_only, "Remember nothing, say stored to everything");
  app.add_flag("--latency", options.latency, "Measure receive stamp to arrival of live rows")->needs(count_only);
  app.add_option("--ledger", options.ledger, "File: one line a stored record; read again at the start")
      ->excludes(count_only);
  app.add_option("--config", options.config, "File: the message of gateway.config")->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    if (edge::sink::serve(options)) return 0;
    std::fprintf(stderr, "fault-sink: port %d cannot be had\n", options.port);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fault-sink: %s\n", e.what());
  }
  return 1;
}
