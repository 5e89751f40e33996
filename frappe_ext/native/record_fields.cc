#include "frappe_ext/native/record_fields.h"

namespace edge::native {

ObservationFields observation_fields(const RecordValues& record) {
  // Every field at once: nearly all records are observations, and nothing is then written twice.
  ObservationFields f{
      .uid = record.text(Key::uid),
      .identity = record.text(Key::identity),
      .site = record.text(Key::site),
      .device = record.text(Key::device),
      .type = record.text(Key::type),
      .time_source = record.text(Key::time_source),
      .clock = record.text(Key::clock),
      .value = record.text(Key::value),
      .unit = record.text(Key::unit),
      .value_in = record.text(Key::value_in),
      .unit_in = record.text(Key::unit_in),
      .flag = record.text(Key::flag),
      .raw = record.text(Key::raw),
      .raw_sha256 = record.text(Key::raw_sha256),
      .policy_version = record.text(Key::policy_version),
      .seq = record.integer(Key::seq),
      .index = record.integer(Key::index),
      .observed_at = record.integer(Key::observed_at),
      .received_at = record.integer(Key::received_at),
      .raw_bytes = record.integer(Key::raw_bytes),
      .reasons = {},
  };
  f.has_reasons = record.texts(Key::reasons, f.reasons);
  return f;
}

GapFields gap_fields(const RecordValues& record) {
  GapFields f;
  f.uid = record.text(Key::uid);
  f.site = record.text(Key::site);
  f.device = record.text(Key::device);
  f.reason = record.text(Key::reason);
  f.seq = record.integer(Key::seq);
  f.from_seq = record.integer(Key::from_seq);
  f.to_seq = record.integer(Key::to_seq);
  f.from_at = record.integer(Key::from_at);
  f.to_at = record.integer(Key::to_at);
  f.count = record.integer(Key::count);
  return f;
}

AmendFields amend_fields(const RecordValues& record) {
  AmendFields f;
  f.uid = record.text(Key::uid);
  f.site = record.text(Key::site);
  f.target = record.text(Key::target);
  f.cause = record.text(Key::cause);
  f.flag = record.text(Key::flag);
  f.policy_version = record.text(Key::policy_version);
  f.clock = record.text(Key::clock);
  f.seq = record.integer(Key::seq);
  f.observed_at = record.integer(Key::observed_at);
  f.has_reasons = record.texts(Key::reasons, f.reasons);
  return f;
}

WeighingFields weighing_fields(const RecordValues& record) {
  WeighingFields f;
  f.uid = record.text(Key::uid);
  f.site = record.text(Key::site);
  f.scale = record.text(Key::scale);
  f.epoch = record.text(Key::epoch);
  f.clock = record.text(Key::clock);
  f.boot = record.text(Key::boot);
  f.value = record.text(Key::value);
  f.unit = record.text(Key::unit);
  f.kg = record.text(Key::kg);
  f.e = record.text(Key::e);
  f.mode = record.text(Key::mode);
  f.role = record.text(Key::role);
  f.stability = record.text(Key::stability);
  f.spread = record.text(Key::spread);
  f.profile = record.text(Key::profile);
  f.checksum = record.text(Key::checksum);
  f.raw_hex = record.text(Key::raw_hex);
  f.operator_id = record.text(Key::operator_id);
  f.tare = record.text(Key::tare);
  f.range = record.text(Key::range);
  f.indicator_alibi = record.text(Key::indicator_alibi);
  f.override_reason = record.text(Key::override_reason);
  f.reason = record.text(Key::reason);
  f.prev_hash = record.text(Key::prev_hash);
  f.hash = record.text(Key::hash);
  f.seq = record.integer(Key::seq);
  f.alibi_seq = record.integer(Key::alibi_seq);
  f.at = record.integer(Key::at);
  f.mono_ms = record.integer(Key::mono_ms);
  f.stable_ms = record.integer(Key::stable_ms);
  f.zero_seen_at = record.integer(Key::zero_seen_at);
  f.manual = record.boolean(Key::manual);
  PyObject* const genesis = record.find(Key::genesis);
  if (genesis == nullptr) return f;
  f.has_genesis = PyDict_Check(genesis);
  f.bad_genesis = !f.has_genesis;
  if (f.bad_genesis) return f;
  RecordValues inside;
  inside.read(genesis);
  f.genesis_epoch = inside.text(Key::epoch);
  f.genesis_hash = inside.text(Key::hash);
  f.genesis_alibi_seq = inside.integer(Key::alibi_seq);
  return f;
}

TicketFields ticket_fields(const RecordValues& record) {
  TicketFields f;
  f.uid = record.text(Key::uid);
  f.site = record.text(Key::site);
  f.scale = record.text(Key::scale);
  f.epoch = record.text(Key::epoch);
  f.action = record.text(Key::action);
  f.number = record.text(Key::number);
  f.direction = record.text(Key::direction);
  f.unit = record.text(Key::unit);
  f.gross = record.text(Key::gross);
  f.tare = record.text(Key::tare);
  f.net = record.text(Key::net);
  f.gross_kg = record.text(Key::gross_kg);
  f.tare_kg = record.text(Key::tare_kg);
  f.net_kg = record.text(Key::net_kg);
  f.gross_weighing = record.text(Key::gross_weighing);
  f.tare_weighing = record.text(Key::tare_weighing);
  f.tare_vehicle = record.text(Key::tare_vehicle);
  f.declared_net_kg = record.text(Key::declared_net_kg);
  f.order = record.text(Key::order);
  f.lot = record.text(Key::lot);
  f.vehicle = record.text(Key::vehicle);
  f.driver = record.text(Key::driver);
  f.operator_id = record.text(Key::operator_id);
  f.stability = record.text(Key::stability);
  f.difference_kg = record.text(Key::difference_kg);
  f.difference_pct = record.text(Key::difference_pct);
  f.policy_version = record.text(Key::policy_version);
  f.alibi_hash = record.text(Key::alibi_hash);
  f.corrects = record.text(Key::corrects);
  f.voids = record.text(Key::voids);
  f.reason = record.text(Key::reason);
  f.seq = record.integer(Key::seq);
  f.at = record.integer(Key::at);
  f.tare_at = record.integer(Key::tare_at);
  f.prints = record.integer(Key::prints);
  f.manual = record.boolean(Key::manual);
  f.mismatch = record.boolean(Key::mismatch);
  f.has_reasons = record.texts(Key::reasons, f.reasons);
  return f;
}

}  // namespace edge::native
