#pragma once
#include <filesystem>
#include <string>

#include "tests/tools/fault_sink/ledger.h"

namespace edge::sink {

struct Options {
  int port = 0;
  std::filesystem::path ledger;  ///< empty: nothing is written
  std::filesystem::path config;  ///< the "message" of gateway.config; empty: 503 not_ready
};

/// Serves until SIGTERM. The four methods of the contract, any key; beside them
/// GET /_counts and POST /_kill?pid=…&when=before|after&delay_us=…: the next batch ends that process with SIGKILL, before
/// it is stored or so long after its answer was handed over. False where the port cannot be had.
bool serve(const Options& options);

}  // namespace edge::sink
