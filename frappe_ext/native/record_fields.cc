#include "frappe_ext/native/record_fields.h"

namespace edge::native {

ObservationFields observation_fields(Fields& record) {
  const Keys& k = keys();
  ObservationFields f;
  f.uid = record.text(k.uid);
  f.identity = record.text(k.identity);
  f.site = record.text(k.site);
  f.device = record.text(k.device);
  f.type = record.text(k.type);
  f.time_source = record.text(k.time_source);
  f.clock = record.text(k.clock);
  f.value = record.text(k.value);
  f.unit = record.text(k.unit);
  f.value_in = record.text(k.value_in);
  f.unit_in = record.text(k.unit_in);
  f.flag = record.text(k.flag);
  f.raw = record.text(k.raw);
  f.raw_sha256 = record.text(k.raw_sha256);
  f.policy_version = record.text(k.policy_version);
  f.seq = record.integer(k.seq);
  f.index = record.integer(k.index);
  f.observed_at = record.integer(k.observed_at);
  f.received_at = record.integer(k.received_at);
  f.raw_bytes = record.integer(k.raw_bytes);
  f.has_reasons = record.texts(k.reasons, f.reasons);
  return f;
}

GapFields gap_fields(Fields& record) {
  const Keys& k = keys();
  GapFields f;
  f.uid = record.text(k.uid);
  f.site = record.text(k.site);
  f.device = record.text(k.device);
  f.reason = record.text(k.reason);
  f.seq = record.integer(k.seq);
  f.from_seq = record.integer(k.from_seq);
  f.to_seq = record.integer(k.to_seq);
  f.from_at = record.integer(k.from_at);
  f.to_at = record.integer(k.to_at);
  f.count = record.integer(k.count);
  return f;
}

AmendFields amend_fields(Fields& record) {
  const Keys& k = keys();
  AmendFields f;
  f.uid = record.text(k.uid);
  f.site = record.text(k.site);
  f.target = record.text(k.target);
  f.cause = record.text(k.cause);
  f.flag = record.text(k.flag);
  f.policy_version = record.text(k.policy_version);
  f.clock = record.text(k.clock);
  f.seq = record.integer(k.seq);
  f.observed_at = record.integer(k.observed_at);
  f.has_reasons = record.texts(k.reasons, f.reasons);
  return f;
}

WeighingFields weighing_fields(Fields& record) {
  const Keys& k = keys();
  WeighingFields f;
  f.uid = record.text(k.uid);
  f.site = record.text(k.site);
  f.scale = record.text(k.scale);
  f.epoch = record.text(k.epoch);
  f.clock = record.text(k.clock);
  f.boot = record.text(k.boot);
  f.value = record.text(k.value);
  f.unit = record.text(k.unit);
  f.kg = record.text(k.kg);
  f.e = record.text(k.e);
  f.mode = record.text(k.mode);
  f.role = record.text(k.role);
  f.stability = record.text(k.stability);
  f.spread = record.text(k.spread);
  f.profile = record.text(k.profile);
  f.checksum = record.text(k.checksum);
  f.raw_hex = record.text(k.raw_hex);
  f.operator_id = record.text(k.operator_id);
  f.tare = record.text(k.tare);
  f.range = record.text(k.range);
  f.indicator_alibi = record.text(k.indicator_alibi);
  f.override_reason = record.text(k.override_reason);
  f.reason = record.text(k.reason);
  f.prev_hash = record.text(k.prev_hash);
  f.hash = record.text(k.hash);
  f.seq = record.integer(k.seq);
  f.alibi_seq = record.integer(k.alibi_seq);
  f.at = record.integer(k.at);
  f.mono_ms = record.integer(k.mono_ms);
  f.stable_ms = record.integer(k.stable_ms);
  f.zero_seen_at = record.integer(k.zero_seen_at);
  f.manual = record.boolean(k.manual);
  PyObject* const genesis = record.find(k.genesis);
  if (genesis == nullptr) return f;
  f.has_genesis = PyDict_Check(genesis);
  f.bad_genesis = !f.has_genesis;
  if (f.bad_genesis) return f;
  f.genesis_epoch = record.text_in(genesis, k.epoch);
  f.genesis_hash = record.text_in(genesis, k.hash);
  f.genesis_alibi_seq = record.integer_in(genesis, k.alibi_seq);
  return f;
}

TicketFields ticket_fields(Fields& record) {
  const Keys& k = keys();
  TicketFields f;
  f.uid = record.text(k.uid);
  f.site = record.text(k.site);
  f.scale = record.text(k.scale);
  f.epoch = record.text(k.epoch);
  f.action = record.text(k.action);
  f.number = record.text(k.number);
  f.direction = record.text(k.direction);
  f.unit = record.text(k.unit);
  f.gross = record.text(k.gross);
  f.tare = record.text(k.tare);
  f.net = record.text(k.net);
  f.gross_kg = record.text(k.gross_kg);
  f.tare_kg = record.text(k.tare_kg);
  f.net_kg = record.text(k.net_kg);
  f.gross_weighing = record.text(k.gross_weighing);
  f.tare_weighing = record.text(k.tare_weighing);
  f.tare_vehicle = record.text(k.tare_vehicle);
  f.declared_net_kg = record.text(k.declared_net_kg);
  f.order = record.text(k.order);
  f.lot = record.text(k.lot);
  f.vehicle = record.text(k.vehicle);
  f.driver = record.text(k.driver);
  f.operator_id = record.text(k.operator_id);
  f.stability = record.text(k.stability);
  f.difference_kg = record.text(k.difference_kg);
  f.difference_pct = record.text(k.difference_pct);
  f.policy_version = record.text(k.policy_version);
  f.alibi_hash = record.text(k.alibi_hash);
  f.corrects = record.text(k.corrects);
  f.voids = record.text(k.voids);
  f.reason = record.text(k.reason);
  f.seq = record.integer(k.seq);
  f.at = record.integer(k.at);
  f.tare_at = record.integer(k.tare_at);
  f.prints = record.integer(k.prints);
  f.manual = record.boolean(k.manual);
  f.mismatch = record.boolean(k.mismatch);
  f.has_reasons = record.texts(k.reasons, f.reasons);
  return f;
}

}  // namespace edge::native
