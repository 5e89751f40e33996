#include <gtest/gtest.h>

#include "protocols/bytes.h"
#include "protocols/scale/families.h"
#include "tests/unit/protocols/scale/stream.h"

namespace edge::scale {
namespace {

using namespace test;

std::string why(const Profile& profile, std::string_view bytes) {
  const auto frames = frames_of(profile, bytes);
  return frames.empty() || frames[0].sample ? "" : frames[0].sample.error().detail;
}

// The checksum byte may look like STX, line feed or carriage return: length alone makes the frame.
TEST(Toledo, AChecksumMayBeAnyByte) {
  std::string stream;
  std::size_t count = 0;
  for (const char wanted : {'\x02', '\x0A', '\x0D'}) {
    for (std::int64_t digits = 999'900; digits <= 999'999; ++digits) {
      const auto frame = kToledo.encode({.value = {digits, 0}, .tare = {}});
      ASSERT_TRUE(frame);
      if (frame->back() != wanted) continue;
      stream += *frame;
      ++count;
    }
  }
  ASSERT_EQ(count, 19U);
  const auto frames = frames_of(kToledo, stream);
  EXPECT_EQ(frames.size(), count);
  EXPECT_EQ(count_good(frames), count);
}

TEST(Toledo, TheSampleSaysHowItWasChecked) {
  EXPECT_EQ(frames_of(kToledo, example(kToledo, "Gross"))[0].sample->checksum, ChecksumState::kOk);
  const auto bare = frames_of(kToledoNoChecksum, example(kToledoNoChecksum, "Gross"));
  EXPECT_EQ(bare[0].sample->checksum, ChecksumState::kAbsent);
}

TEST(Toledo, EverySingleFlippedBitIsRefused) {
  const auto good = example(kToledo, "Net");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto broken = good;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(count_good(frames_of(kToledo, broken)), 0U) << "bit " << bit;
  }
}

TEST(Toledo, BeginsInTheMiddleOfAFrame) {
  const auto good = example(kToledo, "Gross");
  for (std::size_t lost = 1; lost < good.size(); ++lost) {
    const auto frames = frames_of(kToledo, good.substr(lost) + good);
    ASSERT_EQ(frames.size(), 2U) << lost;
    EXPECT_FALSE(frames[0].sample);
    EXPECT_EQ(frames[1].raw, good);
    EXPECT_TRUE(frames[1].sample);
  }
}

TEST(Toledo, AnotherFormIsNeverRead) {
  const auto stream_of = [](const Profile& profile) {
    std::string stream;
    for (int n = 0; n < 20; ++n) stream += example(profile, "Gross");
    return stream;
  };
  EXPECT_EQ(count_good(frames_of(kToledo, stream_of(kToledoShort))), 0U);
  EXPECT_EQ(count_good(frames_of(kToledo, stream_of(kToledoNoChecksum))), 0U);
  EXPECT_EQ(count_good(frames_of(kToledoShort, stream_of(kToledo))), 0U);
  EXPECT_EQ(count_good(frames_of(kToledoShort, stream_of(kToledoShortNoChecksum))), 0U);
  EXPECT_EQ(count_good(frames_of(kToledoNoChecksum, stream_of(kToledoShort))), 0U);
  EXPECT_EQ(count_good(frames_of(kToledoShortNoChecksum, stream_of(kToledo))), 0U);
}

TEST(Toledo, AChecksumThatIsNotExpectedIsSaid) {
  const auto frames = frames_of(kToledoNoChecksum, example(kToledo, "Gross") + example(kToledo, "Moving"));
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_TRUE(frames[0].sample);
  EXPECT_EQ(frames[1].sample.error().detail, "1 byte outside of a frame (no STX): does the indicator send a checksum?");
}

TEST(Toledo, ARefusalSaysWhatToDo) {
  EXPECT_EQ(why(kToledo, example(kToledo, "WrongChecksum")), "checksum 1c, must be 1d");
  EXPECT_NE(why(kToledo, example(kToledo, "LidenClone")).find("Liden"), std::string::npos);
  EXPECT_NE(why(kToledo, example(kToledo, "Expanded")).find("switch it back"), std::string::npos);
  EXPECT_EQ(why(kToledo, example(kToledo, "Cut")), "half a frame: 15 of 18 bytes, then silence");
  EXPECT_NE(why(kToledo, example(kToledo, "Cut") + example(kToledo, "Gross")).find("no carriage return at byte 17"),
            std::string::npos);
  EXPECT_NE(why(kToledo, example(kToledo, "ParityOfOneByte")).find("parity"), std::string::npos);
  EXPECT_EQ(why(kToledo, "\x02" + example(kToledo, "Gross")).substr(0, 30), "no carriage return at byte 17:");
}

TEST(Toledo, TheVariantIsUnsupportedNotNoise) {
  const auto frames = frames_of(kToledo, example(kToledo, "LidenClone"));
  EXPECT_EQ(frames[0].sample.error().code, Errc::kUnsupported);
}

TEST(Toledo, NoiseIsGivenUpInBoundedPieces) {
  const auto frames = frames_of(kToledo, std::string(1'000, 'x') + example(kToledo, "Gross"));
  ASSERT_EQ(frames.size(), 17U);
  EXPECT_EQ(frames[0].raw.size(), 64U);
  EXPECT_TRUE(frames[16].sample);
}

TEST(Toledo, OnlyThisFamilyMayCarryParityInBitSeven) {
  for (const auto& profile : profiles()) EXPECT_EQ(profile.mask_parity, profile.name.starts_with("toledo"));
}

TEST(Toledo, APowerUpWithoutZeroIsAFaultOfTheIndicator) {
  const auto frames = frames_of(kToledo, example(kToledo, "NotYetZeroed"));
  EXPECT_EQ(frames[0].sample->fault, "not yet zeroed after power-up");
}

}  // namespace
}  // namespace edge::scale
