#pragma once
#include <filesystem>
#include <string>

#include "tests/tools/fault_sink/ledger.h"

namespace edge::sink {

struct Options {
  int port = 0;                  ///< 0: any
  bool count_only = false;       ///< remembers nothing and says "stored" to everything: for rates
  bool latency = false;          ///< with count_only: receive stamp to arrival of live rows
  std::filesystem::path ledger;  ///< empty: nothing is written
  std::filesystem::path config;  ///< the "message" of gateway.config; empty: 503 not_ready
};

/// Serves until SIGTERM; the first line on stdout is the port. The four methods of the contract, any key; beside them
/// GET /_counts and POST /_kill?pid=…&when=before|after&delay_us=…: the next batch ends that process with SIGKILL, before
/// it is stored or so long after its answer was handed over. With count_only, in their place: GET /stats: what arrived;
/// POST /live: rows received from now on are live, their latencies start anew; POST /count?of=KEY: of other programs, a
/// row for each "KEY": of the body. False where the port cannot be had.
bool serve(const Options& options);

}  // namespace edge::sink
