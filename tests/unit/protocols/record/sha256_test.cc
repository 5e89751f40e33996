#include "protocols/record/sha256.h"

#include <gtest/gtest.h>

#include "protocols/bytes.h"

namespace edge {
namespace {

// NIST CAVP and FIPS 180-4 examples; the last is the classic "one million a".
struct Case {
  const char* name;
  std::string message;
  const char* digest;
};
const Case kCases[] = {
    {"Empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"Abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"OneByte", "\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
    {"TwoBlocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"LongTwoBlocks",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"MillionA", std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};
class Sha256Vector : public testing::TestWithParam<Case> {};
TEST_P(Sha256Vector, Matches) { EXPECT_EQ(sha256_hex(GetParam().message), GetParam().digest); }
INSTANTIATE_TEST_SUITE_P(Nist, Sha256Vector, testing::ValuesIn(kCases), [](const auto& row) { return row.param.name; });

std::string hex_with(Sha256Blocks work, std::string_view message) {
  Sha256 hash(work);
  hash.update(message);
  return to_hex(hash.finish());
}

TEST_P(Sha256Vector, MatchesWithoutTheProcessorsInstructions) {
  EXPECT_EQ(hex_with(&sha256_blocks_portable, GetParam().message), GetParam().digest);
}

TEST_P(Sha256Vector, MatchesWithTheProcessorsInstructions) {
  const Sha256Blocks work = sha256_blocks_of_processor();
  if (work == nullptr) GTEST_SKIP() << "this processor has no SHA instructions";
  EXPECT_EQ(hex_with(work, GetParam().message), GetParam().digest);
}

TEST(Sha256, IsTheSameWithBothAtEveryLength) {
  const Sha256Blocks work = sha256_blocks_of_processor();
  if (work == nullptr) GTEST_SKIP() << "this processor has no SHA instructions";
  std::string message;
  for (unsigned length = 0; length <= 300; ++length) {
    EXPECT_EQ(hex_with(work, message), hex_with(&sha256_blocks_portable, message)) << length;
    message += static_cast<char>(length * 167 + 13);
  }
}

TEST(Sha256, IsTheSameInPiecesAtEveryLengthAroundABlock) {
  for (std::size_t length = 0; length <= 130; ++length) {
    const std::string message(length, 'x');
    Sha256 pieces;
    for (std::size_t i = 0; i < length; i += 7) pieces.update(std::string_view(message).substr(i, 7));
    EXPECT_EQ(to_hex(pieces.finish()), sha256_hex(message)) << length;
  }
}

TEST(LengthPrefixed, PutsFourBytesOfLengthBeforeEachPart) {
  LengthPrefixed hash;
  EXPECT_EQ(hash.text("ab").text("").number(-7).hex64(),
            sha256_hex(std::string_view("\0\0\0\2ab\0\0\0\0\0\0\0\2-7", 16)));
}

TEST(LengthPrefixed, DoesNotConfuseNeighbours) {
  EXPECT_NE(LengthPrefixed().text("ab").text("c").hex32(), LengthPrefixed().text("a").text("bc").hex32());
}

}  // namespace
}  // namespace edge
