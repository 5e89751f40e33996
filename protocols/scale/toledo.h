#pragma once
#include <span>

#include "protocols/scale/decoder.h"

namespace edge::scale {

/// The four forms of the Toledo frame: long (with a tare field) or short, with or without the checksum byte.
struct ToledoForm {
  bool tare = true;
  bool checksum = true;
  constexpr std::size_t digits_end() const { return tare ? 16 : 10; }
  constexpr std::size_t size() const { return digits_end() + (checksum ? 2 : 1); }
};

/// Frames of one form; defined for all four.
template <bool kTare, bool kChecksum>
std::span<const Example> toledo_examples();

}  // namespace edge::scale
