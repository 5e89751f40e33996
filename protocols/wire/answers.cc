#include "protocols/wire/answers.h"

#include "protocols/bytes.h"
#include "protocols/record/reason.h"
#include "protocols/wire/json_reader.h"

namespace edge::wire {
namespace {

constexpr std::size_t kWordsLimit = 1000;  // bytes of a sentence of the server that are kept
constexpr std::size_t kEpochDigits = 18;   // fits 64 bits

std::string words(const nlohmann::json& object, const char* key) {
  return std::string(cut_utf8(field_text(object, key).text, kWordsLimit));
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
