#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/result.h"

namespace edge::wire {

/// What gateway.enroll is asked (wire.md §7).
struct EnrolmentRequest {
  std::string code, host, version;
};
std::string encode(const EnrolmentRequest& request);

/// What it answers: who the gateway is from now on, and its key.
struct Enrolment {
  std::string gateway, epoch, key_id, secret;
  std::vector<std::string> sites;
  std::string url;
  std::int64_t server_time = 0;  ///< UTC ms; 0 = not said
};
/// Errors: kMalformed (never with a word of the secret).
Result<Enrolment> parse_enrolment(std::string_view body);

}  // namespace edge::wire
