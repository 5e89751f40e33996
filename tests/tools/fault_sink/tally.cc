#include "tests/tools/fault_sink/tally.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace edge::sink {
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

}  // namespace

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

void Tally::note(std::string_view batch, std::size_t at, std::int64_t now) {
  const std::string_view record = batch.substr(at, find_in(batch, kUid, at + kUid.size()) - at);
  const std::int64_t received_at = number_after(record, "\"received_at\":", 0);
  if (received_at >= live_since_ && received_at > 0) latencies_.add(now - received_at);
}

std::string Tally::take(std::string_view batch, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  std::string results;
  results.reserve(batch.size() / 4);
  const std::uint64_t before = rows_;
  for (std::size_t at = find_in(batch, kUid, 0); at != std::string_view::npos; at = find_in(batch, kUid, at + kUid.size())) {
    const std::string_view uid = batch.substr(at + kUid.size(), kUidDigits);
    if (latency_) note(batch, at, now);
    ++rows_;
    if (!results.empty()) results += ',';
    results += "{\"uid\":\"";
    results += uid;
    results += "\",\"status\":\"stored\",\"name\":\"n\"}";
  }
  arrived(batch.size(), rows_ > before, now);
  return results;
}

void Tally::count(std::string_view body, std::string_view mark, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t before = rows_;
  for (std::size_t at = find_in(body, mark, 0); at != std::string_view::npos; at = find_in(body, mark, at + mark.size())) {
    ++rows_;
  }
  arrived(body.size(), rows_ > before, now);
}

void Tally::arrived(std::size_t bytes, bool any, std::int64_t now) {
  ++batches_;
  bytes_ += bytes;
  if (!any) return;
  if (first_row_at_ == 0) first_row_at_ = now;
  last_row_at_ = now;
}

void Tally::start_live(std::int64_t now) {
  const std::lock_guard lock(mutex_);
  live_since_ = now;
  latencies_.clear();
}

std::string Tally::stats() const {
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
  if (latency_) {
    member("live_rows", latencies_.count());
    member("live_p50_ms", latencies_.quantile(0.5));
    member("live_p99_ms", latencies_.quantile(0.99));
    member("live_p999_ms", latencies_.quantile(0.999));
    member("live_max_ms", latencies_.max());
  }
  return out;
}

}  // namespace edge::sink
