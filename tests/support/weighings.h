#pragma once
#include <cstdint>
#include <string>

#include "agent/ports/store.h"

namespace edge::test {

/// A capture of `gross` kg as the weighbridge hands it to the store: no uid, no seq, no link yet.
inline wire::Weighing weighing(std::int64_t at, const std::string& gross = "38440", const std::string& scale = "ws1") {
  wire::Weighing w;
  w.stamp.site = "silo-a";
  w.scale = scale;
  w.at = at;
  w.boot = "5f0c9a1e";
  w.mono_ms = 86'701'373;
  w.value = gross;
  w.unit = "kg";
  w.kg = gross + ".000";
  w.e = "20";
  w.mode = "gross";
  w.role = "gross";
  w.stability = "Indicator";
  w.stable_ms = 1200;
  w.spread = "0";
  w.profile = "toledo";
  w.checksum = "ok";
  w.raw_hex = "023130203030333834343030303030300d1d";
  w.operator_id = "op-7";
  return w;
}

/// A ticket of one load, without uid, seq and number.
inline wire::ScaleTicket ticket(std::int64_t at, const std::string& action = "complete") {
  wire::ScaleTicket t;
  t.stamp.site = "silo-a";
  t.scale = "ws1";
  t.action = action;
  t.at = at;
  t.direction = "Receive";
  t.unit = "kg";
  t.gross = "38440";
  t.tare = "14580";
  t.net = "23860";
  t.vehicle = "AB-123-C";
  t.operator_id = "op-7";
  t.stability = "Indicator";
  if (action == "correct") t.corrects = std::string(32, 'c');
  return t;
}

inline wire::ScaleTicket void_of(const wire::ScaleTicket& target, std::int64_t at) {
  wire::ScaleTicket t;
  t.stamp.site = target.stamp.site;
  t.scale = target.scale;
  t.action = "void";
  t.at = at;
  t.operator_id = "op-7";
  t.voids = target.stamp.uid;
  t.reason = "wrong lot";
  return t;
}

inline OpenTicket open_ticket(std::int64_t at, const std::string& scale = "ws1") {
  OpenTicket t;
  t.site = "silo-a";
  t.scale = scale;
  t.vehicle = "AB-123-C";
  t.driver = "Salim";
  t.operator_id = "op-7";
  t.direction = "Receive";
  t.declared_net_kg = "24800";
  t.order = "EWO-0031";
  t.lot = "LOT-2026-14";
  t.opened_at = at;
  return t;
}

}  // namespace edge::test
