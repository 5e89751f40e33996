#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agent/ports/source.h"

namespace edge {

/// One message in the file. Little-endian, at a multiple of 64 bytes:
///
///     0  8  magic "edgemsg1"
///     8  4  length of the whole
///    12  2  length of the topic
///    14  2  packet id
///    16  1  1 = retained, 2 = DUP
///    17  1  ClockState
///    18  2  length of the boot id
///    20  4  connection
///    24  8  number
///    32  8  UTC ms
///    40  8  mono ms
///    48 16  seal: the first half of SHA-256 over the file's secret, then all bytes but these
///    64     boot id, topic, payload
///
/// What somebody publishes can look like an entry, and the rest of an entry that was overwritten is looked through: only
/// the seal tells them apart.
inline constexpr std::size_t kEntryStep = 64;

/// Into `out`, which keeps its memory. The message's topic and boot id are no longer than 65,535 bytes.
void encode_entry(const ArrivedMessage& message, std::string_view secret, std::string& out);

struct StoredEntry {
  ArrivedMessage message;
  std::size_t bytes = 0;
};
/// The entry that `bytes` begins with; nothing where there is none, or one that is not as it was written.
std::optional<StoredEntry> decode_entry(std::string_view bytes, std::string_view secret);

}  // namespace edge
