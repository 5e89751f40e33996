#include "protocols/wire/batch.h"

#include "protocols/wire/json_writer.h"

namespace edge::wire {

std::string encode_batch(const BatchHead& head, std::span<const std::string> records) {
  std::size_t size = 256;
  for (const std::string& record : records) size += record.size() + 1;
  JsonWriter json(size);
  json.begin_object().integer("v", 1).text("gateway", head.gateway).text("epoch", head.epoch);
  json.text("instance", head.instance).text("batch_id", head.batch_id).integer("sent_at", head.sent_at);
  json.begin_array("records");
  for (const std::string& record : records) json.json({}, record);
  return json.end_array().end_object().take();
}

std::size_t batch_overhead(const BatchHead& head) { return encode_batch(head, {}).size(); }

}  // namespace edge::wire
