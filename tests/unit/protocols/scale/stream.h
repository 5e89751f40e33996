#pragma once
#include <cstddef>
#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/bytes.h"
#include "protocols/scale/decoder.h"
#include "protocols/scale/describe.h"

namespace edge::scale::test {

/// What came out of a decoder, comparable and readable.
struct Seen {
  std::string raw;
  bool good = false;
  std::string said;  ///< the sample in words, or why it was refused
  friend bool operator==(const Seen&, const Seen&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << to_hex(seen.raw) << (seen.good ? " good: " : " refused: ") << seen.said;
}

/// Size of the next chunk.
using Chunks = std::function<std::size_t()>;
inline Chunks whole() {
  return [] { return std::string::npos; };
}
inline Chunks bytewise() {
  return [] { return std::size_t{1}; };
}

inline void feed(Decoder& decoder, std::string_view bytes, std::vector<Frame>& frames, const Chunks& chunks = whole()) {
  const FrameSink sink = [&](const Frame& frame) { frames.push_back(frame); };
  while (!bytes.empty()) {
    const auto chunk = bytes.substr(0, chunks());
    decoder.feed(chunk, sink);
    bytes.remove_prefix(chunk.size());
  }
}

/// All frames of `bytes`, and of the silence after them.
inline std::vector<Frame> frames_of(const Profile& profile, std::string_view bytes, const Chunks& chunks = whole()) {
  std::vector<Frame> frames;
  const auto decoder = profile.make();
  feed(*decoder, bytes, frames, chunks);
  decoder->reset([&](const Frame& frame) { frames.push_back(frame); });
  return frames;
}

inline std::vector<Seen> seen(const std::vector<Frame>& frames) {
  std::vector<Seen> all;
  for (const auto& frame : frames) {
    all.push_back(
        {frame.raw, frame.sample.has_value(), frame.sample ? describe(*frame.sample) : frame.sample.error().detail});
  }
  return all;
}

inline std::string joined(const std::vector<Frame>& frames) {
  std::string all;
  for (const auto& frame : frames) all += frame.raw;
  return all;
}

inline std::size_t count_good(const std::vector<Frame>& frames) {
  std::size_t good = 0;
  for (const auto& frame : frames) good += frame.sample.has_value() ? 1 : 0;
  return good;
}

inline std::string bytes_of(const Example& example) { return from_hex(example.hex).value(); }

/// The example of that name; the test fails to start without it.
inline std::string example(const Profile& profile, std::string_view name) {
  for (const auto& one : profile.examples()) {
    if (one.name == name) return bytes_of(one);
  }
  throw std::out_of_range(std::string(name));
}

}  // namespace edge::scale::test
