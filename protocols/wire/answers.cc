#include "protocols/wire/answers.h"

#include <algorithm>
#include <array>

#include "protocols/bytes.h"
#include "protocols/record/reason.h"
#include "protocols/wire/json_reader.h"

namespace edge::wire {
namespace {

// In the order of RecordStatus.
constexpr std::array<std::string_view, 5> kStatuses = {"stored", "duplicate", "conflict", "rejected", "retry"};
constexpr std::size_t kWordsLimit = 1000;  // bytes of a sentence of the server that are kept
constexpr std::size_t kEpochDigits = 18;   // fits 64 bits

std::string words(const nlohmann::json& object, const char* key) {
  return std::string(cut_utf8(field_text(object, key).text, kWordsLimit));
}

std::optional<RecordStatus> status_from(std::string_view text) {
  const auto* const at = std::find(kStatuses.begin(), kStatuses.end(), text);
  if (at == kStatuses.end()) return std::nullopt;
  return static_cast<RecordStatus>(at - kStatuses.begin());
}

Result<RecordResult> parse_result(const nlohmann::json& object, std::size_t index) {
  const std::string at = "answer of submit: result " + std::to_string(index);
  RecordResult result;
  result.uid = text_or_empty(object, "uid");
  if (!is_lower_hex(result.uid, 32)) return fail(Errc::kMalformed, at + " has no uid");
  const auto status = status_from(field_text(object, "status").text);
  if (!status) return fail(Errc::kMalformed, at + " has no known status");
  result.status = *status;
  result.name = words(object, "name");
  result.code = words(object, "code");
  result.field = words(object, "field");
  result.message = words(object, "message");
  return result;
}

/// The object under "message", in which Frappe wraps what a method returns.
Result<nlohmann::json> message_of(std::string_view body, const char* method) {
  auto root = parse_object(body);
  if (!root)
    return fail(Errc::kMalformed, std::string("answer of ") + method + ": not a JSON object: " + for_log(body));
  const auto message = root->find("message");
  if (message == root->end() || !message->is_object()) {
    return fail(Errc::kMalformed, std::string("answer of ") + method + ": no message object");
  }
  return std::move(*message);
}

}  // namespace

std::string_view to_text(RecordStatus status) {
  const auto at = static_cast<std::size_t>(status);
  return at < kStatuses.size() ? kStatuses[at] : std::string_view{};
}

Result<SubmitAnswer> parse_submit_answer(std::string_view body) {
  const auto message = message_of(body, "submit");
  if (!message) return tl::unexpected(message.error());
  SubmitAnswer answer;
  answer.batch_id = text_or_empty(*message, "batch_id");
  answer.server_time = int_or_none(*message, "server_time");
  answer.config_version = text_or_empty(*message, "config_version");
  const nlohmann::json* const results = find(*message, "results");
  if (results == nullptr || !results->is_array()) return fail(Errc::kMalformed, "answer of submit: no list of results");
  for (const nlohmann::json& one : *results) {
    auto result = parse_result(one, answer.results.size());
    if (!result) return tl::unexpected(std::move(result.error()));
    answer.results.push_back(*std::move(result));
  }
  return answer;
}

std::optional<Refusal> parse_refusal(std::string_view body) {
  const auto message = message_of(body, "submit");
  if (!message) return std::nullopt;
  Refusal refusal;
  refusal.code = text_or_empty(*message, "code");
  if (!is_reason_code(refusal.code)) return std::nullopt;
  refusal.detail = words(*message, "detail");
  refusal.gateway = words(*message, "gateway");
  refusal.site = words(*message, "site");
  refusal.epoch = words(*message, "epoch");
  if (const auto epoch = int_or_none(*message, "epoch")) refusal.epoch = std::to_string(*epoch);
  return refusal;
}

Result<HeartbeatAnswer> parse_heartbeat_answer(std::string_view body) {
  const auto message = message_of(body, "heartbeat");
  if (!message) return tl::unexpected(message.error());
  return HeartbeatAnswer{int_or_none(*message, "server_time"), text_or_empty(*message, "config_version")};
}

Result<std::string> parse_new_epoch_answer(std::string_view body) {
  const auto message = message_of(body, "new_epoch");
  if (!message) return tl::unexpected(message.error());
  std::string epoch = text_or_empty(*message, "epoch");
  // A leading zero would be another text in every uid and ticket number.
  const bool digits = epoch.find_first_not_of("0123456789") == std::string::npos;
  if (epoch.empty() || epoch.size() > kEpochDigits || !digits || epoch[0] == '0') {
    return fail(Errc::kMalformed, "answer of new_epoch: no epoch of decimal digits: \"" + for_log(epoch) + "\"");
  }
  return epoch;
}

}  // namespace edge::wire
