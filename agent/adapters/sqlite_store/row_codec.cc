#include "agent/adapters/sqlite_store/row_codec.h"

#include <SQLiteCpp/Column.h>

#include <charconv>
#include <string_view>
#include <vector>

#include "agent/adapters/sqlite_store/row_hash.h"
#include "protocols/bytes.h"
#include "protocols/record/sha256.h"

namespace edge {
namespace {

// Positions in kRowColumns.
enum Col {
  kId,
  kUid,
  kSite,
  kDevice,
  kType,
  kIndex,
  kReceivedAt,
  kLag,
  kBits,
  kBoot,
  kMono,
  kValue,
  kUnit,
  kValueIn,
  kUnitIn,
  kReasons,
  kPolicyVersion,
  kPacketId,
  kRaw,
  kRawBytes,
  kRawSha,
  kExtra,
  kTally,
  kHash
};
static_assert(kHash == kHashedColumns);

/// Of `bits`, beyond what bits_of() packs.
constexpr int kDocumentBit = 1 << 7;

int bits_of(const Observation& row) {
  return static_cast<int>(row.identity) | static_cast<int>(row.time_source) << 2 | static_cast<int>(row.clock) << 3 |
         static_cast<int>(row.flag) << 5;
}

void unpack(int bits, Observation& row) {
  row.identity = static_cast<Identity>(bits & 3);
  row.time_source = static_cast<TimeSource>(bits >> 2 & 1);
  row.clock = static_cast<ClockState>(bits >> 3 & 3);
  row.flag = static_cast<Flag>(bits >> 5 & 3);
}

std::string join(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out.push_back('\n');
    out += line;
  }
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// A fold or an aggregate, one field a line; none of them can hold a line break (raw_text() sees to last_raw).
std::string extra_of(const Observation& row) {
  if (row.fold) {
    const Fold& fold = *row.fold;
    return "fold\n" + std::to_string(fold.count) + '\n' + std::to_string(fold.first_at) + '\n' +
           std::to_string(fold.last_at) + '\n' + fold.last_raw + '\n' + std::to_string(fold.last_row);
  }
  if (row.aggregate) {
    const Aggregate& agg = *row.aggregate;
    return "agg\n" + std::to_string(agg.count) + '\n' + std::to_string(agg.from) + '\n' + std::to_string(agg.to) +
           '\n' + agg.min + '\n' + agg.mean + '\n' + agg.max + '\n' + agg.last;
  }
  return {};
}

std::int64_t to_int(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

void read_extra(const std::string& text, Observation& row) {
  auto parts = split(text);
  if (parts.size() >= 4 && parts[0] == "fold") {
    parts.resize(6);
    row.fold = Fold{to_int(parts[1]), to_int(parts[2]), to_int(parts[3]), parts[4], to_int(parts[5])};
  } else if (parts.size() == 8 && parts[0] == "agg") {
    row.aggregate =
        Aggregate{to_int(parts[2]), to_int(parts[3]), parts[4], parts[5], parts[6], parts[7], to_int(parts[1])};
  }
}

/// Binds one column after the other and hashes what it binds. Without copying: what it is given must live until the
/// statement has run.
class RowBinder {
 public:
  explicit RowBinder(SQLite::Statement& insert) : insert_(insert) {}

  RowBinder& nothing() {
    insert_.bind(++at_);
    hash_.nothing();
    return *this;
  }
  RowBinder& integer(std::int64_t value) {
    insert_.bind(++at_, value);
    hash_.integer(value);
    return *this;
  }
  RowBinder& text(const std::string& value) {
    insert_.bindNoCopy(++at_, value);
    hash_.text(value);
    return *this;
  }
  RowBinder& text_if(const std::string& value) { return value.empty() ? nothing() : text(value); }
  RowBinder& text_if(const std::optional<std::string>& value) { return value ? text(*value) : nothing(); }
  RowBinder& blob(const std::string& bytes) {
    insert_.bindNoCopy(++at_, bytes.data(), static_cast<int>(bytes.size()));
    hash_.blob(bytes);
    return *this;
  }
  /// As an integer where the digits come back as the same text: 6 bytes for 13.
  RowBinder& digits(const std::string& value, int base) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number, base);
    const bool plain = error == std::errc{} && end == value.data() + value.size() && number < (1ULL << 62);
    const bool same = base == 16 ? is_lower_hex(value, 8) : value.size() < 2 || value.front() != '0';
    return value.empty() || !plain || !same ? text_if(value) : integer(static_cast<std::int64_t>(number));
  }
  void finish() { insert_.bind(++at_, hash_.value()); }

 private:
  SQLite::Statement& insert_;
  RowHash hash_;
  int at_ = 0;
};

/// Any two numbers of a damaged row have a difference, and it brings the first one back.
std::int64_t difference(std::int64_t from, std::int64_t take) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) - static_cast<std::uint64_t>(take));
}

std::string read_digits(const SQLite::Column& column, int base) {
  if (!column.isInteger()) return column.getString();
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), column.getInt64(), base).ptr;
  std::string text(digits.data(), end);
  if (base == 16) text.insert(0, 8 - std::min<std::size_t>(8, text.size()), '0');
  return text;
}

std::optional<std::string> read_optional(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getString();
}

bool is_document(const SQLite::Statement& select) { return (select.getColumn(kBits).getInt() & kDocumentBit) != 0; }

std::string read_sha(const SQLite::Statement& select, const std::string& raw) {
  const SQLite::Column stored = select.getColumn(kRawSha);
  return stored.isNull() ? sha256_hex(raw) : to_hex(stored.getString());
}

}  // namespace

void bind_row(SQLite::Statement& insert, RowId id, const NewObservation& row, RowTexts& texts, int tally) {
  const Observation& o = row.observation;
  texts.uid = from_hex(o.uid).value_or(o.uid);
  texts.reasons = join(o.reasons);
  texts.extra = extra_of(o);
  // The store checks by itself whether raw is the payload: what is recomputed later must come out the same.
  const bool whole = static_cast<std::size_t>(o.raw_bytes) == o.raw.size() && sha256_hex(o.raw) == o.raw_sha256;
  texts.raw_sha256 = whole ? std::string() : from_hex(o.raw_sha256).value_or(std::string());
  RowBinder bind(insert);
  bind.integer(id).blob(texts.uid).text(o.site).text(o.device).text(o.type).integer(o.index).integer(o.received_at);
  bind.integer(difference(o.received_at, o.observed_at)).integer(bits_of(o)).digits(o.boot, 16).integer(o.mono_ms);
  bind.text_if(o.value).text_if(o.unit).text_if(o.value_in).text_if(o.unit_in).text_if(texts.reasons);
  bind.digits(o.policy_version, 10).integer(row.packet_id).text(o.raw);
  if (whole) {
    bind.nothing().nothing();
  } else {
    bind.integer(o.raw_bytes).blob(texts.raw_sha256);
  }
  bind.text_if(texts.extra).integer(tally).finish();
}

void bind_document(SQLite::Statement& insert, RowId id, const Document& document, RowTexts& texts) {
  static const std::string kNoRaw;
  const Observation& head = document.head;
  texts.uid = from_hex(head.uid).value_or(head.uid);
  RowBinder bind(insert);
  bind.integer(id).blob(texts.uid).text(head.site).text(head.device).text(head.type).integer(0);
  bind.integer(head.received_at).integer(0).integer(kDocumentBit).nothing().integer(0);
  bind.text_if(head.value).text_if(head.unit).nothing().nothing().nothing().nothing().integer(0);
  bind.text(kNoRaw).nothing().nothing().text(document.json).integer(0).finish();
}

bool is_document_row(std::int64_t bits) { return (bits & kDocumentBit) != 0; }

Identity identity_of(std::int64_t bits) {
  Observation row;
  unpack(static_cast<int>(bits), row);
  return row.identity;
}

bool is_intact(const SQLite::Statement& select) {
  const SQLite::Column stored = select.getColumn(kHash);
  return stored.isNull() || stored.getInt64() == hash_of(select, kHashedColumns);
}

std::string read_document(const SQLite::Statement& select) {
  return is_document(select) ? select.getColumn(kExtra).getString() : std::string();
}

Observation read_row(const SQLite::Statement& select) {
  const auto column = [&](Col at) { return select.getColumn(at); };
  Observation o;
  o.uid = to_hex(column(kUid).getString());
  o.site = column(kSite).getString();
  o.device = column(kDevice).getString();
  o.type = column(kType).getString();
  o.received_at = column(kReceivedAt).getInt64();
  o.observed_at = difference(o.received_at, column(kLag).getInt64());
  o.value = read_optional(column(kValue));
  o.unit = column(kUnit).getString();
  if (is_document(select)) return o;
  o.index = column(kIndex).getInt();
  unpack(column(kBits).getInt(), o);
  o.boot = read_digits(column(kBoot), 16);
  o.mono_ms = column(kMono).getInt64();
  o.value_in = read_optional(column(kValueIn));
  o.unit_in = column(kUnitIn).getString();
  o.reasons = split(column(kReasons).getString());
  o.policy_version = read_digits(column(kPolicyVersion), 10);
  o.raw = column(kRaw).getString();
  const SQLite::Column bytes = column(kRawBytes);
  o.raw_bytes = bytes.isNull() ? static_cast<std::int64_t>(o.raw.size()) : bytes.getInt64();
  o.raw_sha256 = read_sha(select, o.raw);
  read_extra(column(kExtra).getString(), o);
  return o;
}

std::optional<RecentUid> read_recent(const SQLite::Statement& select) {
  if (is_document(select)) return std::nullopt;
  RecentUid recent;
  Observation bits;
  unpack(select.getColumn(kBits).getInt(), bits);
  recent.uid = to_hex(select.getColumn(kUid).getString());
  recent.identity = bits.identity;
  recent.site = select.getColumn(kSite).getString();
  recent.device = select.getColumn(kDevice).getString();
  recent.index = select.getColumn(kIndex).getInt();
  recent.packet_id = static_cast<std::uint16_t>(select.getColumn(kPacketId).getInt());
  // Only a row without identity of its own is found again by its payload.
  if (recent.identity == Identity::kReceived && recent.packet_id != 0) {
    recent.raw_sha256 = read_sha(select, select.getColumn(kRaw).getString());
  }
  return recent;
}

RowBrief read_brief(const SQLite::Statement& select) {
  RowBrief brief;
  brief.document = is_document(select);
  Observation row;
  unpack(select.getColumn(kBits).getInt(), row);
  brief.flag = row.flag;
  brief.site = select.getColumn(kSite).getString();
  brief.device = select.getColumn(kDevice).getString();
  brief.received_at = select.getColumn(kReceivedAt).getInt64();
  // Behind raw, and so behind pages of it: read only where it can be there.
  if (!brief.document && row.flag >= Flag::kQuarantine) {
    read_extra(select.getColumn(kExtra).getString(), row);
    brief.fold = std::move(row.fold);
  }
  return brief;
}

}  // namespace edge
