// Any bytes in any chunks to every indicator family: nothing is lost, and chunks make no difference.
#include "check.h"
#include "protocols/bytes.h"
#include "protocols/scale/decoder.h"
#include "protocols/scale/describe.h"

namespace {

using namespace edge;

void check_sample(const scale::Frame& frame) {
  const WeightSample& sample = *frame.sample;
  check(sample.raw == frame.raw, "a sample keeps its bytes");
  check(sample.value.has_value() == (sample.range == WeightRange::kIn), "a weight, or why there is none");
  check(!sample.value || weight_from(to_text(*sample.value)).has_value(), "a weight is within the limits");
  check(!sample.tare || weight_from(to_text(*sample.tare)).has_value(), "a tare is within the limits");
  check(sample.unit.empty() ? !sample.value : mass_unit(sample.unit) == sample.unit, "a unit is one of mass");
  check(sample.mode != WeightMode::kUnknown, "these families say gross or net");
  check(sample.fault.empty() == (sample.range != WeightRange::kError), "a fault has a name");
  check(is_plain_text(scale::describe(sample)), "a sample can be said");
}

/// Frames of `bytes` as one text; `seed` makes the chunks, 0 = one.
std::string frames_of(const scale::Profile& profile, std::string_view bytes, std::uint32_t seed) {
  std::string said, raw;
  const scale::FrameSink sink = [&](const scale::Frame& frame) {
    check(!frame.raw.empty() && frame.raw.size() <= 128, "a frame is bounded");
    raw += frame.raw;
    if (frame.sample) check_sample(frame);
    const std::string words = frame.sample ? scale::describe(*frame.sample) : frame.sample.error().detail;
    check(!words.empty() && is_plain_text(words), "a frame is one line");
    said += to_hex(frame.raw) + " " + words + "\n";
  };
  const bool whole = seed == 0;
  const auto decoder = profile.make();
  for (std::string_view rest = bytes; !rest.empty();) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    const auto chunk = rest.substr(0, whole ? rest.size() : 1 + (seed >> 16U) % 24);
    decoder->feed(chunk, sink);
    rest.remove_prefix(chunk.size());
  }
  decoder->reset(sink);
  check(raw == bytes, "every byte is in exactly one frame, in order");
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view stream = view(bytes, size);
  const auto seed = 1U + static_cast<std::uint32_t>(size) * 31U + (size > 0 ? bytes[size / 2] : 0U);
  for (const auto& profile : scale::profiles()) {
    check(frames_of(profile, stream, seed) == frames_of(profile, stream, 0), "chunks make no difference");
  }
  return 0;
}
