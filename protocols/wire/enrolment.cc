#include "protocols/wire/enrolment.h"

#include <algorithm>
#include <utility>

#include "protocols/bytes.h"
#include "protocols/wire/json_reader.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;

/// A granted epoch: decimal digits.
bool is_epoch(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_key_part(std::string_view text, std::size_t least) {
  return text.size() >= least && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

tl::unexpected<Error> unfit(const char* key) {
  return fail(Errc::kMalformed, std::string("the answer has no usable ") + key);
}

}  // namespace

std::string encode(const EnrolmentRequest& request) {
  const Json json = {{"code", request.code}, {"host", request.host}, {"version", request.version}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Enrolment> parse_enrolment(std::string_view body) {
  const auto root = parse_object(body);
  const Json* const message = root ? find_object(*root, "message") : nullptr;
  if (message == nullptr) return unfit("message");
  Enrolment out;
  for (auto [key, field] :
       {std::pair{"gateway", &out.gateway}, std::pair{"epoch", &out.epoch}, std::pair{"key_id", &out.key_id},
        std::pair{"secret", &out.secret}, std::pair{"url", &out.url}}) {
    *field = text_or_empty(*message, key);
  }
  if (!is_wire_id(out.gateway)) return unfit("gateway");
  if (!is_epoch(out.epoch)) return unfit("epoch");
  if (!is_key_part(out.key_id, 1)) return unfit("key_id");
  if (!is_key_part(out.secret, 32)) return unfit("secret");
  const Json* const sites = find(*message, "sites");
  if (sites == nullptr || !sites->is_array()) return unfit("sites");
  for (const auto& site : *sites) {
    const auto* const code = site.get_ptr<const std::string*>();
    if (code == nullptr || !is_wire_id(*code)) return unfit("sites");
    out.sites.push_back(*code);
  }
  out.server_time = int_or_none(*message, "server_time").value_or(0);
  return out;
}

}  // namespace edge::wire
