#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "agent/ports/store.h"
#include "protocols/record/sha256.h"

namespace edge::test {

/// A plain observation of device "bin<device>-t1", without uid: the store gives it one.
inline NewObservation row(int number, std::int64_t received_at, int device = 3) {
  Observation o;
  o.identity = Identity::kReceived;
  o.site = "silo-a";
  o.device = "bin" + std::to_string(device) + "-t1";
  o.type = "temperature";
  o.observed_at = received_at - 412;
  o.received_at = received_at;
  o.time_source = TimeSource::kDevice;
  o.boot = "5f0c9a1e";
  o.mono_ms = 86'400'123;
  o.value = "28.50";
  o.unit = "C";
  o.policy_version = "1771500000000";
  o.raw = R"({"metric":"temperature","value":28.50,"unit":"C","n":)" + std::to_string(number) + "}";
  o.raw_bytes = static_cast<std::int64_t>(o.raw.size());
  o.raw_sha256 = sha256_hex(o.raw);
  return {o, static_cast<std::uint16_t>(number % 65'535 + 1)};
}

inline std::vector<NewObservation> rows(int count, std::int64_t received_at, int devices = 1) {
  std::vector<NewObservation> all;
  for (int n = 0; n < count; ++n) all.push_back(row(n, received_at, n % devices));
  return all;
}

}  // namespace edge::test
