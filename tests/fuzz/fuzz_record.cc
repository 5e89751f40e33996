// Any record: what decodes is well formed, and its encoding decodes to the same again; any text is judged as a ticket.
#include <algorithm>
#include <array>

#include "check.h"
#include "protocols/bytes.h"
#include "protocols/record/chain.h"
#include "protocols/record/decimal.h"
#include "protocols/record/mismatch.h"
#include "protocols/record/reason.h"
#include "protocols/record/ticket.h"
#include "protocols/record/weight.h"
#include "protocols/wire/batch.h"
#include "protocols/wire/records.h"
#include "protocols/wire/weighing_link.h"

namespace {

using namespace edge;

void check_decimal(const std::string& text) { check(text.empty() || is_decimal(text), "a number is a decimal"); }

void check_reasons(const std::vector<std::string>& reasons) {
  for (const std::string& reason : reasons) check(is_reason(reason), "a reason is a reason");
}

void check_stamp(const wire::Stamp& stamp) {
  check(is_lower_hex(stamp.uid, 32) && stamp.seq > 0, "a record has a uid and a seq");
  check(stamp.site.empty() || is_wire_id(stamp.site), "a site is an id");
}

void check_judged(const TicketFacts& ticket) {
  const TicketVerdict verdict = judge_ticket(ticket, ToleranceBook());
  check_reasons(verdict.reasons);
  for (const std::string& text : {verdict.gross_kg, verdict.tare_kg, verdict.net_kg, verdict.difference_kg,
                                  verdict.difference_pct, verdict.tolerance_pct}) {
    check(text.empty() || (is_decimal(text) && is_storable(text)), "a verdict fits its columns");
  }
  check_decimal(verdict.net);
  check(verdict.mismatch || !verdict.nonconformance, "a nonconformance is a mismatch");
}

TicketFacts facts_of(const wire::ScaleTicket& t) {
  TicketFacts facts;
  facts.site = t.stamp.site, facts.scale = t.scale, facts.unit = t.unit, facts.at = t.at;
  facts.gross = t.gross, facts.tare = t.tare, facts.net = t.net, facts.declared_net_kg = t.declared_net_kg;
  facts.direction = t.direction, facts.gross_weighing = t.gross_weighing;
  facts.gross_stored = WeighingFacts{t.scale, t.gross, t.unit, t.stability, t.reason, t.manual, t.at};
  return facts;
}

/// The lines of any text as what somebody wrote on a ticket, and as the fields of a record.
void check_hostile(std::string_view text) {
  std::array<std::string_view, 8> lines;
  for (std::string_view& line : lines) {
    line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  TicketFacts facts;
  facts.gross = lines[0], facts.tare = lines[1], facts.net = lines[2], facts.declared_net_kg = lines[3];
  facts.unit = lines[4], facts.gross_weighing = lines[5];
  facts.gross_stored = WeighingFacts{lines[6], lines[0], lines[7], lines[1], lines[5], false, INT64_MAX};
  facts.tare_stored = WeighingFacts{lines[6], lines[1], lines[4], lines[2], lines[3], false, INT64_MIN};
  check_judged(facts);
  if (const auto weight = weight_from(lines[0])) {
    check(to_text(*weight) == lines[0], "a weight keeps its text");
    if (const auto grams = to_grams(*weight, lines[4])) check_decimal(kg_text(*grams));
  }
  if (const auto number = parse_ticket_number(lines[0])) {
    check(number->serial > 0 && lines[0].starts_with(number->series), "a number has its series");
  }
}

struct Invariants {
  void operator()(const wire::ObservationRecord& record) const {
    const Observation& o = record.observation;
    check_stamp(record.stamp);
    check(is_wire_id(o.device) && is_wire_type(o.type) && o.index >= 0, "an observation is named");
    check(!o.value || (is_decimal(*o.value) && is_storable(*o.value)), "a value can be stored");
    check(o.raw.size() <= kRawLimit && is_lower_hex(o.raw_sha256, 64), "raw is bounded");
    check_reasons(o.reasons);
  }
  void operator()(const wire::Weighing& w) const {
    check_stamp(w.stamp);
    check(is_wire_id(w.scale) && is_lower_hex(w.hash, 64) && is_lower_hex(w.prev_hash, 64), "a weighing is chained");
    check(w.value || w.role == "genesis", "a weighing has a weight");
    for (const std::string& text : {w.value.value_or(""), w.kg, w.e, w.spread, w.tare}) check_decimal(text);
    const std::string hash = weighing_hash(wire::link_of(w, "gw"));
    check(is_lower_hex(hash, 64), "a weighing has a hash");
    ChainWalk walk;
    check(walk.step(wire::link_of(w, "gw"), hash) != ChainWalk::Fault::kChanged, "and it is its own");
  }
  void operator()(const wire::ScaleTicket& t) const {
    check_stamp(t.stamp);
    for (const std::string& text : {t.gross, t.tare, t.net, t.gross_kg, t.tare_kg, t.net_kg, t.declared_net_kg}) {
      check_decimal(text);
    }
    check_judged(facts_of(t));
  }
  void operator()(const wire::Gap& gap) const {
    check_stamp(gap.stamp);
    check(gap.from_seq <= gap.to_seq && gap.count > 0, "a gap is a range");
  }
  void operator()(const wire::Amend& amend) const {
    check_stamp(amend.stamp);
    check(is_lower_hex(amend.target, 32), "an amendment has a target");
    check_reasons(amend.reasons);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text = view(bytes, size);
  const auto record = wire::decode(text);
  if (!record) {
    check(!record.error().detail.empty() && is_plain_text(record.error().detail), "an error says why on one line");
    // The same bytes as an observation's raw and unit, however broken, must still make a JSON text.
    Observation hostile;
    hostile.raw = text, hostile.unit = text, hostile.reasons = {std::string(text)};
    check(is_utf8(wire::encode_observation({}, hostile)), "an encoding is UTF-8");
    check_hostile(text);
    return 0;
  }
  std::visit(Invariants{}, *record);
  const std::string encoded = wire::encode(*record);
  const auto again = wire::decode(encoded);
  check(again.has_value(), "an encoding decodes");
  check(again->index() == record->index() && wire::encode(*again) == encoded, "and is the same record");
  return 0;
}
