// Any bytes in the journal's file: an entry is read without harm, with and without a good seal, and comes back the same.
#include <algorithm>
#include <string>

#include "agent/adapters/journal_file/journal_entry.h"
#include "check.h"
#include "protocols/record/sha256.h"

namespace {

using namespace edge;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

/// As the agent would have sealed it: what lies behind the seal is looked at too.
std::string sealed(std::string bytes) {
  if (bytes.size() < 64) return bytes;
  bytes.replace(0, 8, "edgemsg1");
  std::size_t length = 0;
  for (std::size_t i = 4; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
  length = std::clamp<std::size_t>(length, 64, bytes.size());
  Sha256 hash;
  hash.update(kSecret);
  hash.update(std::string_view(bytes).substr(0, 48));
  hash.update(std::string_view(bytes).substr(64, length - 64));
  const auto digest = hash.finish();
  std::copy_n(digest.begin(), 16, bytes.begin() + 48);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = view(data, size);
  for (const std::string& file : {std::string(bytes), sealed(std::string(bytes))}) {
    const auto entry = decode_entry(file, kSecret);
    if (!entry) continue;
    check(entry->bytes >= 64 && entry->bytes <= file.size(), "an entry is part of the file");
    std::string again;
    encode_entry(entry->message, kSecret, again);
    check(again.size() == entry->bytes, "it is as long as it was");
    const auto same = decode_entry(again, kSecret);
    check(same.has_value(), "what is written can be read");
    const ArrivedMessage &a = entry->message, &b = same->message;
    check(a.topic == b.topic && a.payload == b.payload && a.packet_id == b.packet_id && a.retained == b.retained &&
              a.duplicate == b.duplicate && a.connection == b.connection && a.number == b.number &&
              a.at.utc_ms == b.at.utc_ms && a.at.mono_ms == b.at.mono_ms && a.at.clock == b.at.clock &&
              a.at.boot == b.at.boot,
          "and is the same");
  }
  return 0;
}
