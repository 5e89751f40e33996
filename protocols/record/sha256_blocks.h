#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace edge {

/// Works whole 64-byte blocks into the state of SHA-256 (FIPS 180-4, section 6.2.2). All do the same.
using Sha256State = std::array<std::uint32_t, 8>;
using Sha256Blocks = void (*)(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks);

void sha256_blocks_portable(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks);

/// With the SHA instructions of x86; null where this compiler or processor has none.
Sha256Blocks sha256_blocks_of_processor();

/// The fastest there is, looked up once.
Sha256Blocks sha256_blocks();

}  // namespace edge
