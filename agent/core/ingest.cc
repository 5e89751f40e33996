#include "agent/core/ingest.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <optional>
#include <unordered_set>
#include <utility>

#include "agent/ports/journal.h"
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
  Judges judges;
  ArrivalTime at;
  std::string site, device;
  std::string raw, raw_sha256;
};

/// Messages that are committed together.
struct Ingest::Group {
  std::vector<NewObservation> rows;
  std::unordered_set<std::uint64_t> uids;  ///< beginnings of the rows' own
  int usual = 0;                           ///< messages of one decoded reading
  Counters add;                            ///< of the others
  std::uint64_t last_number = 0;           ///< in the journal; 0 = the messages are in none
  std::int64_t first_mono_ms = 0;          ///< of those in the journal
};

namespace {

constexpr std::int64_t kLongestAgoMs = 60'000;

void count(Counters& add, std::string_view name, std::int64_t by) {
  if (by == 0) return;
  if (const auto known = add.find(name); known != add.end()) {
    known->second += by;
  } else {
    add.emplace(name, by);
  }
}

/// Enough to tell whether the group may hold it.
std::uint64_t beginning_of(std::string_view uid) {
  std::uint64_t bits = 0;
  std::from_chars(uid.data(), uid.data() + std::min<std::size_t>(16, uid.size()), bits, 16);
  return bits;
}

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
  position_ = static_cast<std::uint64_t>(journal_position(outbox_.counters()));
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

ArrivalTime Ingest::now() const { return {clock_.utc_ms(), clock_.mono_ms(), clock_.state(), clock_.boot_id()}; }

Ingest::Judges Ingest::judges() const {
  const std::lock_guard lock(swap_mutex_);
  return {rules_, book_};
}

Result<void> Ingest::accept(const InboundMessage& message) {
  try {
    const std::lock_guard lock(mutex_);
    learn();
    Group group;
    if (auto taken = take(message, now(), judges(), group); !taken) return taken;
    return commit(group);
  } catch (const std::exception& e) {
    // The caller stands in a C callback: an exception would end the process there without a word.
    return fail(Errc::kIo, std::string("message not stored: ") + e.what());
  }
}

Result<void> Ingest::accept_group(std::span<const ArrivedMessage> messages) {
  try {
    const std::lock_guard lock(mutex_);
    learn();
    const Judges judges = this->judges();
    Group group;
    group.rows.reserve(messages.size());
    for (const ArrivedMessage& message : messages) {
      if (auto taken = take(message.inbound(), message.at, judges, group); !taken) return taken;
      group.last_number = message.number;
      if (group.first_mono_ms == 0) group.first_mono_ms = message.at.mono_ms;
    }
    return commit(group);
  } catch (const std::exception& e) {
    return fail(Errc::kIo, std::string("messages not stored: ") + e.what());
  }
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
  Arrival arrival;
  arrival.at = now();
  arrival.judges = judges();
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

Result<void> Ingest::take(const InboundMessage& message, const ArrivalTime& at, const Judges& judges, Group& group) {
  const auto ignore = [&](std::string_view reason) -> Result<void> {
    count(group.add, "messages", 1);
    count(group.add, std::string("ignored.").append(reason), 1);
    return {};
  };
  Arrival arrival;
  arrival.at = at;
  arrival.judges = judges;
  arrival.message = message;
  const TopicRule* rule = nullptr;
  for (const TopicRule& candidate : judges.rules->topics) {
    const auto match = candidate.pattern.match(message.topic);
    if (!match) continue;
    rule = &candidate;
    arrival.site = match->site.empty() ? judges.rules->default_site : std::string(match->site);
    arrival.device = match->device;
    break;
  }
  if (rule == nullptr) return ignore("no_topic");
  // An id that cannot be written cannot be cut either: the rest could be another device's name.
  if (!is_wire_id(arrival.site) || !is_wire_id(arrival.device)) return ignore("bad_id");
  const bool stranger = judges.book->is_unknown(arrival.site, arrival.device);
  if (stranger && !strangers_.admit(arrival.site, arrival.device, clock_.mono_ms())) return ignore("unknown_device");

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
      return !is_usable(reading.at_ms, arrival.at.utc_ms, arrival.at.clock);
    });
    if (readings.empty()) return ignore("retained");
  }
  return add(arrival, std::move(readings), decoded.has_value(), group);
}

Observation Ingest::observe(const Arrival& arrival, Reading& reading) const {
  Observation row;
  row.site = arrival.site;
  row.device = arrival.device;
  row.index = reading.index;
  row.received_at = arrival.at.utc_ms;
  row.clock = arrival.at.clock;
  row.boot = arrival.at.boot;
  row.mono_ms = arrival.at.mono_ms;
  const bool own_time = !arrival.polled && is_usable(reading.at_ms, arrival.at.utc_ms, arrival.at.clock);
  row.time_source = own_time ? TimeSource::kDevice : TimeSource::kReceive;
  row.observed_at = own_time ? *reading.at_ms : arrival.at.utc_ms;
  row.identity = own_time || !reading.unique_id.empty() ? Identity::kContent : Identity::kReceived;
  if (arrival.polled) row.identity = Identity::kPolled;
  if (row.identity == Identity::kContent) {
    row.uid = uid_of_content({row.site, row.device, reading.metric, row.index, arrival.message.payload});
  }
  convert(find_convert(*arrival.judges.rules, reading, row.device), reading, row);
  const std::optional<std::string_view> value = row.value ? std::optional<std::string_view>(*row.value) : std::nullopt;
  Verdict verdict = judge({row.site, row.device, reading.metric, value, row.unit, std::move(reading.faults),
                           own_time ? std::string() : std::move(reading.time_as_sent)},
                          *arrival.judges.book);
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

/// Judges the readings and puts those that are new into the group. What the group holds is committed first where one of
/// them may be in it: only a committed row is in the window.
Result<void> Ingest::add(Arrival& arrival, std::vector<Reading> readings, bool decoded, Group& group) {
  arrival.raw = raw_text(arrival.message.payload);
  arrival.raw_sha256 = sha256_hex(arrival.message.payload);
  std::vector<Observation> observed;
  observed.reserve(readings.size());
  bool may_be_there = arrival.message.duplicate;
  for (Reading& reading : readings) {
    Observation& row = observed.emplace_back(observe(arrival, reading));
    const bool last = &reading == &readings.back();
    row.raw = last ? std::move(arrival.raw) : arrival.raw;
    row.raw_sha256 = last ? std::move(arrival.raw_sha256) : arrival.raw_sha256;
    may_be_there |= !row.uid.empty() && group.uids.contains(beginning_of(row.uid));
  }
  if (may_be_there && !group.rows.empty()) {
    if (auto stored = commit(group); !stored) return stored;
  }
  std::size_t added = 0;
  for (Observation& row : observed) {
    if (is_known(arrival, row)) continue;
    ++added;
    group.rows.push_back({std::move(row), arrival.message.packet_id});
  }
  // Only now: readings of one message are never each other's duplicates.
  for (std::size_t i = group.rows.size() - added; i < group.rows.size(); ++i) {
    const std::string& uid = group.rows[i].observation.uid;
    if (!uid.empty()) group.uids.insert(beginning_of(uid));
  }
  if (decoded && readings.size() == 1 && added == 1) {
    ++group.usual;
    return {};
  }
  count(group.add, "messages", 1);
  if (added == 0) {
    count(group.add, "duplicate", 1);
    return {};
  }
  count(group.add, decoded ? "decoded" : "undecodable", 1);
  count(group.add, "readings", static_cast<std::int64_t>(readings.size()));
  count(group.add, "readings.duplicate", static_cast<std::int64_t>(readings.size() - added));
  return {};
}

Result<void> Ingest::append(Group& group) {
  // Nearly every group is one message of one reading: its counters are not built anew each time.
  static const Counters kOne{{"messages", 1}, {"decoded", 1}, {"readings", 1}};
  static const Counters kOneOfJournal{{"messages", 1}, {"decoded", 1}, {"readings", 1}, {kJournalPosition, 1}};
  const auto append = [&](const Counters& add) {
    if (group.last_number == 0) return outbox_.append(group.rows, add);
    // A message of an earlier boot may carry any time.
    const std::int64_t ago = std::clamp<std::int64_t>(clock_.mono_ms() - group.first_mono_ms, 0, kLongestAgoMs);
    return outbox_.append_acknowledged(group.rows, add, ago);
  };
  const std::uint64_t steps = group.last_number > position_ ? group.last_number - position_ : 0;
  if (group.usual == 1 && group.add.empty() && steps <= 1) {
    return append(steps == 0 ? kOne : kOneOfJournal);
  }
  for (const char* name : {"messages", "decoded", "readings"}) count(group.add, name, group.usual);
  count(group.add, kJournalPosition, static_cast<std::int64_t>(steps));
  return append(group.add);
}

Result<void> Ingest::commit(Group& group) {
  if (group.usual == 0 && group.add.empty()) return {};
  if (auto stored = append(group); !stored) return stored;
  position_ = std::max(position_, group.last_number);
  for (const NewObservation& row : group.rows) {
    const Observation& o = row.observation;
    const bool by_message = o.identity == Identity::kReceived;
    window_.add(o.uid, by_message ? message_key({row.packet_id, o.site, o.device, o.index, o.raw_sha256}) : 0);
  }
  group.rows.clear();
  group.uids.clear();
  group.add.clear();
  group.usual = 0;
  group.first_mono_ms = 0;
  return {};
}

}  // namespace edge
