#include "agent/core/ingest.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "protocols/bytes.h"
#include "protocols/record/identity.h"
#include "protocols/record/quality.h"
#include "protocols/record/reason.h"
#include "protocols/record/sha256.h"
#include "protocols/record/time.h"
#include "protocols/record/units.h"

namespace edge {

/// A message or polled answer on its way in: what all its readings share.
struct Ingest::Arrival {
  InboundMessage message;  ///< of a polled answer nothing but the payload: its bytes
  bool polled = false;
  std::shared_ptr<const IngestRules> rules;
  std::shared_ptr<const PolicyBook> book;
  std::string site, device;
  std::int64_t received_at = 0, mono_ms = 0;
  ClockState clock = ClockState::kSynced;
  std::string raw, raw_sha256;
};

namespace {

/// Own time of wire.md §3. Ahead is judged only against a clock that can be trusted itself.
bool is_usable(std::optional<std::int64_t> at, std::int64_t now, ClockState clock) {
  if (!at || *at < kEarliestTime || *at > kLatestTime) return false;
  return clock != ClockState::kSynced || *at <= now + kFutureLimitMs;
}

Reading undecodable(std::string_view why) {
  Reading reading;
  reading.metric = kUnparsed;
  reading.faults.push_back(make_reason("undecodable", why));
  return reading;
}

const ConvertRule* find_convert(const IngestRules& rules, const Reading& reading, std::string_view device) {
  for (const ConvertRule& rule : rules.converts) {
    if (!rule.metric.empty() && rule.metric != reading.metric) continue;
    if (!rule.device.empty() && rule.device != device) continue;
    if (is_same_unit(rule.from, reading.unit)) return &rule;
  }
  return nullptr;
}

/// Moves value and unit over, converted where a rule says so; value_in and unit_in keep what came.
void convert(const ConvertRule* rule, Reading& reading, Observation& row) {
  if (rule == nullptr || !reading.value) {
    row.value = std::move(reading.value);
    row.unit = std::move(reading.unit);
    return;
  }
  DecimalText converted = convert_linear(*reading.value, rule->by);
  row.value_in = std::move(reading.value);
  row.unit_in = std::move(reading.unit);
  row.unit = rule->to;
  if (converted.fault == DecimalFault::kNone) {
    row.value = std::move(converted.text);
  } else {
    reading.faults.push_back(make_reason("not_storable"));
  }
}

}  // namespace

Ingest::Ingest(Outbox& outbox, const Clock& clock, IngestRules rules)
    : outbox_(outbox),
      clock_(clock),
      rules_(std::make_shared<const IngestRules>(std::move(rules))),
      book_(std::make_shared<const PolicyBook>()) {}

Result<void> Ingest::warm() {
  // In pieces: all at once would be the most memory the agent ever takes.
  constexpr std::size_t kPiece = 4'096;
  static_assert(UidWindow::kCapacity % kPiece == 0);
  const std::lock_guard lock(mutex_);
  learn();  // older than all that follows
  for (std::size_t left = UidWindow::kCapacity; left > 0; left -= kPiece) {
    const auto recent = outbox_.newest(kPiece, left - kPiece);
    if (!recent) return tl::unexpected(recent.error());
    for (const RecentUid& row : *recent) remember(row);
  }
  return {};
}

void Ingest::remember(const RecentUid& row) {
  if (window_.contains(row.uid)) return;  // a row that was put back is told of twice, and may answer one DUP only
  const bool by_message = row.identity == Identity::kReceived;
  const MessageTraits traits{row.packet_id, row.site, row.device, row.index, row.raw_sha256};
  window_.add(row.uid, by_message ? message_key(traits) : 0);
}

void Ingest::learn() {
  for (const RecentUid& row : outbox_.found_again()) remember(row);
}

void Ingest::set_rules(IngestRules rules) {
  auto next = std::make_shared<const IngestRules>(std::move(rules));
  const std::lock_guard lock(swap_mutex_);
  rules_.swap(next);
}

void Ingest::set_book(std::shared_ptr<const PolicyBook> book) {
  if (!book) return;
  const std::lock_guard lock(swap_mutex_);
  book_.swap(book);
}

Result<void> Ingest::accept(const InboundMessage& message) {
  try {
    const std::lock_guard lock(mutex_);
    return take(message);
  } catch (const std::exception& e) {
    // The caller stands in a C callback: an exception would end the process there without a word.
    return fail(Errc::kIo, std::string("message not stored: ") + e.what());
  }
}

Result<void> Ingest::ignore(std::string_view reason) {
  return outbox_.append({}, Counters{{"messages", 1}, {std::string("ignored.").append(reason), 1}});
}

Ingest::Arrival Ingest::arrive() const {
  Arrival arrival;
  arrival.received_at = clock_.utc_ms();
  arrival.mono_ms = clock_.mono_ms();
  arrival.clock = clock_.state();
  const std::lock_guard lock(swap_mutex_);
  arrival.rules = rules_;
  arrival.book = book_;
  return arrival;
}

Result<void> Ingest::accept_poll(const PolledAnswer& answer) {
  try {
    const std::lock_guard lock(mutex_);
    return take_poll(answer);
  } catch (const std::exception& e) {
    // The bus goes on with its next slave.
    return fail(Errc::kIo, std::string("answer not stored: ") + e.what());
  }
}

Result<void> Ingest::take_poll(const PolledAnswer& answer) {
  if (answer.readings.empty()) return fail(Errc::kMalformed, "no readings");
  Arrival arrival = arrive();
  arrival.polled = true;
  arrival.message.payload = answer.raw;
  arrival.site = answer.site;
  arrival.device = answer.device;
  arrival.raw = raw_text("hex:" + to_hex(answer.raw));
  arrival.raw_sha256 = sha256_hex(answer.raw);
  std::vector<NewObservation> rows;
  rows.reserve(answer.readings.size());
  for (Reading reading : answer.readings) {
    rows.push_back({observe(arrival, reading), 0});
    rows.back().observation.raw = arrival.raw;
    rows.back().observation.raw_sha256 = arrival.raw_sha256;
  }
  return outbox_.append(
      rows, Counters{{"messages", 1}, {"decoded", 1}, {"readings", static_cast<std::int64_t>(rows.size())}});
}

Result<void> Ingest::take(const InboundMessage& message) {
  learn();
  Arrival arrival = arrive();
  arrival.message = message;
  const TopicRule* rule = nullptr;
  for (const TopicRule& candidate : arrival.rules->topics) {
    const auto match = candidate.pattern.match(message.topic);
    if (!match) continue;
    rule = &candidate;
    arrival.site = match->site.empty() ? arrival.rules->default_site : std::string(match->site);
    arrival.device = match->device;
    break;
  }
  if (rule == nullptr) return ignore("no_topic");
  // An id that cannot be written cannot be cut either: the rest could be another device's name.
  if (!is_wire_id(arrival.site) || !is_wire_id(arrival.device)) return ignore("bad_id");
  const bool stranger = arrival.book->is_unknown(arrival.site, arrival.device);
  if (stranger && !strangers_.admit(arrival.site, arrival.device, arrival.mono_ms)) return ignore("unknown_device");

  auto decoded = decode_json(message.payload, rule->shape);
  if (decoded && decoded->empty()) decoded = fail(Errc::kMalformed, "no readings");
  std::vector<Reading> readings;
  if (decoded) {
    readings = std::move(*decoded);
  } else {
    readings.push_back(undecodable(decoded.error().detail));
  }
  if (message.retained) {
    std::erase_if(readings, [&](const Reading& reading) {
      return !is_usable(reading.at_ms, arrival.received_at, arrival.clock);
    });
    if (readings.empty()) return ignore("retained");
  }
  return commit(arrival, std::move(readings), decoded.has_value());
}

Observation Ingest::observe(const Arrival& arrival, Reading& reading) const {
  Observation row;
  row.site = arrival.site;
  row.device = arrival.device;
  row.index = reading.index;
  row.received_at = arrival.received_at;
  row.clock = arrival.clock;
  row.boot = clock_.boot_id();
  row.mono_ms = arrival.mono_ms;
  const bool own_time = !arrival.polled && is_usable(reading.at_ms, arrival.received_at, arrival.clock);
  row.time_source = own_time ? TimeSource::kDevice : TimeSource::kReceive;
  row.observed_at = own_time ? *reading.at_ms : arrival.received_at;
  row.identity = own_time || !reading.unique_id.empty() ? Identity::kContent : Identity::kReceived;
  if (arrival.polled) row.identity = Identity::kPolled;
  if (row.identity == Identity::kContent) {
    row.uid = uid_of_content({row.site, row.device, reading.metric, row.index, arrival.message.payload});
  }
  convert(find_convert(*arrival.rules, reading, row.device), reading, row);
  const std::optional<std::string_view> value = row.value ? std::optional<std::string_view>(*row.value) : std::nullopt;
  Verdict verdict = judge({row.site, row.device, reading.metric, value, row.unit, std::move(reading.faults),
                           own_time ? std::string() : std::move(reading.time_as_sent)},
                          *arrival.book);
  row.flag = verdict.flag;
  row.reasons = std::move(verdict.reasons);
  row.policy_version = std::move(verdict.policy_version);
  // wire.md §1: what the column cannot hold travels in raw alone.
  if (row.value && !is_storable(*row.value)) row.value.reset();
  row.type = std::move(reading.metric);
  row.raw_bytes = static_cast<std::int64_t>(arrival.message.payload.size());
  return row;
}

bool Ingest::is_known(const Arrival& arrival, const Observation& observation) {
  if (observation.identity == Identity::kContent) return window_.contains(observation.uid);
  if (!arrival.message.duplicate) return false;
  const MessageTraits traits{arrival.message.packet_id, observation.site, observation.device, observation.index,
                             observation.raw_sha256};
  return window_.take_redelivered(message_key(traits), arrival.message.connection).has_value();
}

Result<void> Ingest::append(std::span<NewObservation> rows, std::size_t readings, bool decoded) {
  // Nearly every message is one reading: its counters are not built anew each time.
  static const Counters kOneDecoded{{"messages", 1}, {"decoded", 1}, {"readings", 1}};
  if (decoded && readings == 1 && rows.size() == 1) return outbox_.append(rows, kOneDecoded);
  Counters add{
      {"messages", 1}, {decoded ? "decoded" : "undecodable", 1}, {"readings", static_cast<std::int64_t>(readings)}};
  if (rows.size() < readings) add.emplace("readings.duplicate", static_cast<std::int64_t>(readings - rows.size()));
  return outbox_.append(rows, add);
}

Result<void> Ingest::commit(Arrival& arrival, std::vector<Reading> readings, bool decoded) {
  arrival.raw = raw_text(arrival.message.payload);
  arrival.raw_sha256 = sha256_hex(arrival.message.payload);
  std::vector<NewObservation> rows;
  rows.reserve(readings.size());
  for (Reading& reading : readings) {
    Observation row = observe(arrival, reading);
    const bool last = &reading == &readings.back();
    row.raw = last ? std::move(arrival.raw) : arrival.raw;
    row.raw_sha256 = last ? std::move(arrival.raw_sha256) : arrival.raw_sha256;
    if (is_known(arrival, row)) continue;
    rows.push_back({std::move(row), arrival.message.packet_id});
  }
  if (rows.empty()) return outbox_.append({}, Counters{{"messages", 1}, {"duplicate", 1}});
  if (auto stored = append(rows, readings.size(), decoded); !stored) return stored;
  for (const NewObservation& row : rows) {
    const Observation& o = row.observation;
    const bool by_message = o.identity == Identity::kReceived;
    window_.add(o.uid, by_message ? message_key({row.packet_id, o.site, o.device, o.index, o.raw_sha256}) : 0);
  }
  return {};
}

}  // namespace edge
