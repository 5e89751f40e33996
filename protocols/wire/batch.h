#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace edge::wire {

/// Limits of one request (wire.md §3).
inline constexpr std::size_t kBatchRecords = 500;
inline constexpr std::size_t kBatchBytes = 1'000'000;

struct BatchHead {
  std::string gateway, epoch, instance, batch_id;
  std::int64_t sent_at = 0;
};

/// The request body around already encoded records. The caller keeps both limits.
std::string encode_batch(const BatchHead& head, std::span<const std::string> records);

/// Bytes encode_batch adds beyond the records and their commas.
std::size_t batch_overhead(const BatchHead& head);

}  // namespace edge::wire
