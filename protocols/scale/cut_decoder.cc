#include "protocols/scale/cut_decoder.h"

#include <utility>

namespace edge::scale {

void CutDecoder::feed(std::string_view bytes, const FrameSink& sink) {
  for (const char byte : bytes) {
    pending_.push_back(byte);
    // What is left of a bad frame may hold the start of a good one, so ask again.
    while (!pending_.empty()) {
      auto cut = next(pending_);
      if (!cut) break;
      Frame frame{pending_.substr(0, cut->size), std::move(cut->sample)};
      pending_.erase(0, cut->size);
      if (frame.sample) frame.sample->raw = frame.raw;
      sink(frame);
    }
  }
}

void CutDecoder::reset(const FrameSink& sink) {
  if (pending_.empty()) return;
  Error why = half(pending_);
  sink(Frame{std::exchange(pending_, {}), tl::unexpected<Error>(std::move(why))});
}

}  // namespace edge::scale
