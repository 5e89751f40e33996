#include "tests/bench/tools/sink_rows.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace edge::bench {
namespace {

constexpr std::string_view kUid = "\"uid\":\"";
constexpr std::size_t kUidDigits = 32;

/// memmem() of the C library is several times faster than string_view::find().
std::size_t find_in(std::string_view text, std::string_view what, std::size_t from) {
  if (from >= text.size()) return std::string_view::npos;
  const void* const found = memmem(text.data() + from, text.size() - from, what.data(), what.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::int64_t number_after(std::string_view text, std::string_view key, std::size_t from) {
  const std::size_t at = find_in(text, key, from);
  std::int64_t value = 0;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  }
  return value;
}

/// Up to the closing quote; for ids and digests, which hold no escapes.
std::string_view text_after(std::string_view text, std::string_view key, std::size_t from) {
  const std::size_t at = find_in(text, key, from);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + key.size());
  return rest.substr(0, rest.find('"'));
}

}  // namespace

bool UidSet::put(std::vector<Uid>& slots, Uid uid) {
  const std::size_t mask = slots.size() - 1;
  for (std::size_t at = uid.low & mask;; at = (at + 1) & mask) {
    Uid& slot = slots[at];
    if (slot.high == uid.high && slot.low == uid.low) return false;
    if (slot.high != 0 || slot.low != 0) continue;
    slot = uid;
    return true;
  }
}

void UidSet::grow() {
  std::vector<Uid> wider(std::max<std::size_t>(1 << 16, slots_.size() * 2));
  for (const Uid& uid : slots_) {
    if (uid.high != 0 || uid.low != 0) put(wider, uid);
  }
  slots_.swap(wider);
}

bool UidSet::add(std::string_view hex) {
  Uid uid;
  if (hex.size() != kUidDigits) return true;
  const auto [high_end, high_error] = std::from_chars(hex.data(), hex.data() + 16, uid.high, 16);
  const auto [low_end, low_error] = std::from_chars(hex.data() + 16, hex.data() + 32, uid.low, 16);
  if (high_error != std::errc{} || low_error != std::errc{}) return true;
  if (size_ * 4 >= slots_.size() * 3) grow();
  if (!put(slots_, uid)) return false;
  ++size_;
  return true;
}

void Latencies::add(std::int64_t ms) {
  ++count_;
  max_ = std::max(max_, ms);
  ++per_ms_[static_cast<std::size_t>(std::clamp<std::int64_t>(ms, 0, static_cast<std::int64_t>(per_ms_.size()) - 1))];
}

std::int64_t Latencies::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
  std::uint64_t seen = 0;
  for (std::size_t ms = 0; ms < per_ms_.size(); ++ms) {
    seen += per_ms_[ms];
    if (seen > 0 && seen >= wanted) return static_cast<std::int64_t>(ms);
  }
  return 0;
}

SinkRows::SinkRows(const RowOptions& options) : options_(options) {
  if (options.rows_file.empty()) return;
  rows_file_.open(options.rows_file, std::ios::app);
  if (!rows_file_) throw std::runtime_error("cannot write " + options.rows_file);
}

void SinkRows::note(std::string_view batch, std::size_t at, std::string_view uid, std::int64_t now) {
  const std::string_view record = batch.substr(at, find_in(batch, kUid, at + kUid.size()) - at);
  if (options_.latency) {
    const std::int64_t received_at = number_after(record, "\"received_at\":", 0);
    if (received_at >= live_since_ && received_at > 0) latencies_.add(now - received_at);
  }
  if (rows_file_.is_open()) {
    // The kind stands before the uid.
    const std::size_t kind = batch.rfind("{\"kind\":\"", at);
    rows_file_ << uid << ' ' << number_after(record, "\"seq\":", 0) << ' '
               << (kind == std::string_view::npos ? "-" : text_after(batch, "\"kind\":\"", kind)) << ' '
               << text_after(record, "\"device\":\"", 0) << ' ' << text_after(record, "\"raw_sha256\":\"", 0) << '\n';
  }
}

std::string SinkRows::take(std::string_view batch, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  std::string results;
  results.reserve(batch.size() / 4);
  const bool looks = options_.latency || rows_file_.is_open();
  const std::uint64_t before = rows_;
  for (std::size_t at = find_in(batch, kUid, 0); at != std::string_view::npos; at = find_in(batch, kUid, at + kUid.size())) {
    const std::string_view uid = batch.substr(at + kUid.size(), kUidDigits);
    const bool fresh = !options_.keep_uids || uids_.add(uid);
    if (looks) note(batch, at, uid, now);
    ++rows_;
    if (!fresh) ++doubles_;
    if (!results.empty()) results += ',';
    results += "{\"uid\":\"";
    results += uid;
    results += fresh ? "\",\"status\":\"stored\",\"name\":\"n\"}" : "\",\"status\":\"duplicate\",\"name\":\"n\"}";
  }
  rows_file_.flush();  // a row that was answered stands in the file, whoever is killed next
  arrived(batch.size(), rows_ > before, now);
  return results;
}

void SinkRows::count(std::string_view body, std::string_view mark, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t before = rows_;
  for (std::size_t at = find_in(body, mark, 0); at != std::string_view::npos; at = find_in(body, mark, at + mark.size())) {
    ++rows_;
  }
  arrived(body.size(), rows_ > before, now);
}

void SinkRows::arrived(std::size_t bytes, bool any, std::int64_t now) {
  ++batches_;
  bytes_ += bytes;
  if (!any) return;
  if (first_row_at_ == 0) first_row_at_ = now;
  last_row_at_ = now;
}

void SinkRows::start_live(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  live_since_ = now;
  latencies_.clear();
}

std::string SinkRows::stats() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  const auto member = [&](const char* key, auto value) {
    if (!out.empty()) out += ',';
    out += '"';
    out += key;
    out += "\":";
    out += std::to_string(value);
  };
  member("rows", rows_);
  member("batches", batches_);
  member("bytes", bytes_);
  member("first_row_at", first_row_at_);
  member("last_row_at", last_row_at_);
  if (options_.keep_uids) {
    member("distinct", uids_.size());
    member("doubles", doubles_);
  }
  if (options_.latency) {
    member("live_rows", latencies_.count());
    member("live_p50_ms", latencies_.quantile(0.5));
    member("live_p99_ms", latencies_.quantile(0.99));
    member("live_p999_ms", latencies_.quantile(0.999));
    member("live_max_ms", latencies_.max());
  }
  return out;
}

}  // namespace edge::bench
