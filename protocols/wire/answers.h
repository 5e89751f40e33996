#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/result.h"

namespace edge::wire {

enum class RecordStatus { kStored, kDuplicate, kConflict, kRejected, kRetry };
std::string_view to_text(RecordStatus status);

struct RecordResult {
  std::string uid;
  RecordStatus status = RecordStatus::kRetry;
  std::string name, code, field, message;
};

/// 200 of ingest.submit (wire.md §4).
struct SubmitAnswer {
  std::string batch_id;
  std::optional<std::int64_t> server_time;
  std::string config_version;
  std::vector<RecordResult> results;
};
/// Errors: kMalformed for anything but a whole answer (HTML, half JSON, a result without uid or known status).
Result<SubmitAnswer> parse_submit_answer(std::string_view body);

/// Our envelope of a refused request: `{"message":{"code","detail","gateway","site"}}`.
struct Refusal {
  std::string code, detail, gateway, site;
  std::string epoch;  ///< the one the server knows, with `fenced`
};
/// Nothing where the body is not our envelope: then Frappe or a proxy spoke.
std::optional<Refusal> parse_refusal(std::string_view body);

/// `{"message":{"server_time","config_version"}}`.
struct HeartbeatAnswer {
  std::optional<std::int64_t> server_time;
  std::string config_version;
};
Result<HeartbeatAnswer> parse_heartbeat_answer(std::string_view body);

/// The granted epoch of `{"message":{"epoch":"4"}}`; decimal digits only.
Result<std::string> parse_new_epoch_answer(std::string_view body);

}  // namespace edge::wire
