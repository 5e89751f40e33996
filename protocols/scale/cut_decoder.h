#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/scale/decoder.h"

namespace edge::scale {

/// The framing every family shares. The family is asked after each single byte, so the same stream gives the same
/// frames whatever chunks it comes in; what it has cut off goes to the sink and is forgotten.
class CutDecoder : public Decoder {
 public:
  void feed(std::string_view bytes, const FrameSink& sink) final;
  void reset(const FrameSink& sink) final;

 protected:
  /// The first `size` > 0 bytes of what is pending are a frame, or are given up with a reason.
  struct Cut {
    std::size_t size = 0;
    Result<WeightSample> sample;
  };
  /// What to cut off the front of `pending`; nothing = more bytes are needed. Must cut within a bounded length.
  virtual std::optional<Cut> next(std::string_view pending) = 0;
  /// Why `pending` (never empty) is given up at a reset.
  virtual Error half(std::string_view pending) = 0;

 private:
  std::string pending_;
};

}  // namespace edge::scale
