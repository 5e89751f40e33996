#include "agent/core/rejection_watch.h"

#include <algorithm>

namespace edge {
namespace {

constexpr std::int64_t kSliceMs = 10'000;

}  // namespace

void RejectionWatch::forget(std::int64_t mono_ms) {
  while (!slices_.empty() && slices_.front().from <= mono_ms - kWindowMs) slices_.pop_front();
}

void RejectionWatch::add(std::int64_t mono_ms, std::string_view site, std::string_view device, std::string_view code) {
  if (slices_.empty() || mono_ms - slices_.back().from >= kSliceMs) {
    forget(mono_ms);
    slices_.emplace_back().from = mono_ms;
  }
  std::string name;
  name.append(site).append("/").append(device);
  Slice& slice = slices_.back();
  // The same devices on both sides, or the shares could not be compared.
  const bool counted = slice.all.devices.size() < kMostDevices || slice.all.devices.contains(name);
  const auto count = [&](Tally& tally) {
    ++tally.records;
    if (counted) tally.devices.insert(name);
  };
  count(slice.all);
  if (code.empty()) return;
  const auto known = slice.rejected.find(code);
  if (known != slice.rejected.end()) {
    count(known->second);
  } else if (slice.rejected.size() < kMostCodes) {
    count(slice.rejected[std::string(code)]);
  }
}

std::size_t RejectionWatch::names() const {
  std::size_t sum = 0;
  for (const Slice& slice : slices_) {
    sum += slice.all.devices.size() + slice.rejected.size();
    for (const auto& [code, tally] : slice.rejected) sum += tally.devices.size();
  }
  return sum;
}

std::optional<std::string> RejectionWatch::tripped(std::int64_t mono_ms) {
  forget(mono_ms);
  // The usual case, asked for after every batch.
  if (std::ranges::all_of(slices_, [](const Slice& slice) { return slice.rejected.empty(); })) return std::nullopt;
  Slice sum;
  for (const Slice& slice : slices_) {
    sum.all.records += slice.all.records;
    sum.all.devices.insert(slice.all.devices.begin(), slice.all.devices.end());
    for (const auto& [code, tally] : slice.rejected) {
      Tally& total = sum.rejected[code];
      total.records += tally.records;
      total.devices.insert(tally.devices.begin(), tally.devices.end());
    }
  }
  if (sum.all.records < kLeastRecords) return std::nullopt;
  for (const auto& [code, tally] : sum.rejected) {
    if (tally.records * 2 > sum.all.records && tally.devices.size() * 2 > sum.all.devices.size()) return code;
  }
  return std::nullopt;
}

}  // namespace edge
