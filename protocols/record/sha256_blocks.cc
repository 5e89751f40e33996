#include "protocols/record/sha256_blocks.h"

#include <bit>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define EDGE_X86_SHA 1
#endif

namespace edge {
namespace {

// FIPS 180-4, section 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t big_endian(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24U | std::uint32_t{at[1]} << 16U | std::uint32_t{at[2]} << 8U | std::uint32_t{at[3]};
}

void portable_block(Sha256State& state, const std::uint8_t* bytes) {
  std::array<std::uint32_t, 64> w;
  for (std::size_t t = 0; t < 16; ++t) w[t] = big_endian(bytes + 4 * t);
  for (std::size_t t = 16; t < 64; ++t) {
    const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3U;
    const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10U;
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t t = 0; t < 64; ++t) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[t] + w[t];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + t2;
  }
  const Sha256State worked = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += worked[i];
}

#ifdef EDGE_X86_SHA

#define EDGE_SHA_TARGET __attribute__((target("sha,sse4.1")))

bool processor_has_sha() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_SSE4_1) == 0 || (ecx & bit_SSSE3) == 0) return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;
}

EDGE_SHA_TARGET __m128i load(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }
EDGE_SHA_TARGET void store(void* at, __m128i value) { _mm_storeu_si128(static_cast<__m128i*>(at), value); }

/// The instructions want the state as (A B E F) and (C D G H), first letter highest.
struct Halves {
  __m128i abef, cdgh;
};

EDGE_SHA_TARGET inline Halves x86_block(Halves before, const std::uint8_t* bytes) {
  const __m128i swap_bytes = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i w[4];
  for (int i = 0; i < 4; ++i) w[i] = _mm_shuffle_epi8(load(bytes + 16 * i), swap_bytes);
  __m128i abef = before.abef;
  __m128i cdgh = before.cdgh;
#pragma GCC unroll 16
  for (unsigned group = 0; group < 16; ++group) {  // of four rounds
    const __m128i now = w[group % 4];
    const __m128i last = w[(group + 3) % 4];
    const __m128i with_round = _mm_add_epi32(now, load(&kRound[std::size_t{4} * group]));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, with_round);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(with_round, 0x0e));
    if (group >= 12) continue;
    const __m128i seventh = _mm_alignr_epi8(last, w[(group + 2) % 4], 4);  // W[t - 7]
    const __m128i sixteenth = _mm_sha256msg1_epu32(now, w[(group + 1) % 4]);
    w[group % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(sixteenth, seventh), last);
  }
  return {_mm_add_epi32(abef, before.abef), _mm_add_epi32(cdgh, before.cdgh)};
}

EDGE_SHA_TARGET void x86_blocks(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks) {
  const __m128i badc = _mm_shuffle_epi32(load(state.data()), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(load(state.data() + 4), 0x1b);
  Halves halves{_mm_alignr_epi8(badc, efgh, 8), _mm_blend_epi16(efgh, badc, 0xf0)};
  for (; blocks > 0; --blocks, bytes += 64) halves = x86_block(halves, bytes);
  const __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xb1);
  store(state.data(), _mm_blend_epi16(feba, dchg, 0xf0));
  store(state.data() + 4, _mm_alignr_epi8(dchg, feba, 8));
}

#endif

}  // namespace

void sha256_blocks_portable(Sha256State& state, const std::uint8_t* bytes, std::size_t blocks) {
  for (; blocks > 0; --blocks, bytes += 64) portable_block(state, bytes);
}

Sha256Blocks sha256_blocks_of_processor() {
#ifdef EDGE_X86_SHA
  if (processor_has_sha()) return &x86_blocks;
#endif
  return nullptr;
}

Sha256Blocks sha256_blocks() {
  static const Sha256Blocks kOfProcessor = sha256_blocks_of_processor();
  return kOfProcessor != nullptr ? kOfProcessor : &sha256_blocks_portable;
}

}  // namespace edge
