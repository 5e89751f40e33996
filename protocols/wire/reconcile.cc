#include "protocols/wire/reconcile.h"

#include <set>

#include "protocols/bytes.h"
#include "protocols/wire/json_reader.h"
#include "protocols/wire/json_writer.h"

namespace edge::wire {
namespace {

JsonWriter begin(const ReconcileHead& head, std::size_t reserve) {
  JsonWriter json(reserve);
  json.begin_object().text("gateway", head.gateway).text("epoch", head.epoch).text("instance", head.instance);
  return json;
}

/// The list under `key` of the message object.
Result<nlohmann::json> list_of(std::string_view body, const char* key) {
  const auto root = parse_object(body);
  const nlohmann::json* const message = root ? find_object(*root, "message") : nullptr;
  const nlohmann::json* const list = message != nullptr ? find(*message, key) : nullptr;
  if (list != nullptr && list->is_array()) return *list;
  return fail(Errc::kMalformed, std::string("answer of reconcile: no list \"") + key + "\": " + for_log(body));
}

}  // namespace

BlockSum sum_of_block(std::int64_t from, std::span<const std::string> uids) {
  BlockSum sum;
  sum.from = from;
  const std::set<std::string_view> distinct(uids.begin(), uids.end());
  for (const std::string_view uid : distinct) {
    const auto bytes = from_hex(uid);
    if (!bytes || bytes->size() != sum.exclusive_or.size()) continue;
    for (std::size_t i = 0; i < bytes->size(); ++i) sum.exclusive_or[i] ^= static_cast<std::uint8_t>((*bytes)[i]);
    ++sum.count;
  }
  return sum;
}

std::string encode_reconcile_blocks(const ReconcileHead& head, std::span<const BlockSum> blocks) {
  JsonWriter json = begin(head, 128 + blocks.size() * 80);
  json.begin_array("blocks");
  for (const BlockSum& block : blocks) {
    json.begin_object().integer("from", block.from).integer("count", block.count);
    json.text("xor", to_hex(block.exclusive_or)).end_object();
  }
  return json.end_array().end_object().take();
}

std::string encode_reconcile_uids(const ReconcileHead& head, std::span<const std::string> uids) {
  return begin(head, 128 + uids.size() * 36).texts("uids", uids).end_object().take();
}

Result<std::vector<std::int64_t>> parse_reconcile_differ(std::string_view body) {
  const auto list = list_of(body, "differ");
  if (!list) return tl::unexpected(list.error());
  std::vector<std::int64_t> out;
  for (const auto& from : *list) {
    if (!from.is_number_integer()) return fail(Errc::kMalformed, "answer of reconcile: a block is no whole number");
    out.push_back(from.get<std::int64_t>());
  }
  return out;
}

Result<std::vector<std::string>> parse_reconcile_missing(std::string_view body) {
  const auto list = list_of(body, "missing");
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string> out;
  for (const auto& uid : *list) {
    if (!uid.is_string() || !is_lower_hex(uid.get_ref<const std::string&>(), 32)) {
      return fail(Errc::kMalformed, "answer of reconcile: a uid is none");
    }
    out.push_back(uid.get<std::string>());
  }
  return out;
}

}  // namespace edge::wire
