#include <gtest/gtest.h>

#include "protocols/scale/families.h"
#include "protocols/scale/st_gs_line.h"
#include "tests/unit/protocols/scale/stream.h"

namespace edge::scale {
namespace {

using namespace test;

const std::string kLine = "ST,GS,+0038440kg";

class Lines : public testing::Test {
 protected:
  void feed_more(std::string_view bytes) { feed(*decoder_, bytes, frames_); }
  void fall_silent() {
    decoder_->reset([this](const Frame& frame) { frames_.push_back(frame); });
  }
  std::unique_ptr<Decoder> decoder_ = kAnd.make();
  std::vector<Frame> frames_;
};

TEST_F(Lines, ALoneCarriageReturnIsLearntFromTheFirstLine) {
  feed_more(kLine + "\r");
  EXPECT_TRUE(frames_.empty()) << "a line feed may follow";
  feed_more("S");
  ASSERT_EQ(frames_.size(), 1U);
  EXPECT_EQ(frames_[0].raw, kLine + "\r");
  feed_more(kLine.substr(1) + "\r");
  ASSERT_EQ(frames_.size(), 2U) << "at once from now on";
  EXPECT_EQ(count_good(frames_), 2U);
}

TEST_F(Lines, ALineThatWaitedThroughASilenceIsTooOldButTheNextIsInTime) {
  feed_more(kLine + "\r");
  fall_silent();
  ASSERT_EQ(frames_.size(), 1U);
  EXPECT_FALSE(frames_[0].sample);
  feed_more(kLine + "\r");
  ASSERT_EQ(frames_.size(), 2U);
  EXPECT_TRUE(frames_[1].sample);
}

TEST_F(Lines, TheEndingMayChange) {
  feed_more(kLine + "\r" + kLine + "\r" + kLine + "\r");
  ASSERT_EQ(count_good(frames_), 3U);
  feed_more("\n");
  EXPECT_EQ(frames_.back().sample.error().detail, "a line feed without its carriage return");
  feed_more(kLine + "\r\n" + kLine + "\r\n");
  EXPECT_EQ(count_good(frames_), 5U);
  EXPECT_EQ(frames_.back().raw, kLine + "\r\n");
}

TEST_F(Lines, LineFeedsAloneAreNoEnd) {
  for (int n = 0; n < 20; ++n) feed_more(kLine + "\n");
  fall_silent();
  EXPECT_EQ(count_good(frames_), 0U);
  EXPECT_EQ(frames_[0].raw.size(), LineDecoder::kLongestLine);
  EXPECT_EQ(frames_[0].sample.error().detail.substr(0, 37), "no carriage return within 80 bytes: \"");
}

TEST_F(Lines, HalfALineIsSaid) {
  feed_more("ST,GS,+00");
  fall_silent();
  ASSERT_EQ(frames_.size(), 1U);
  EXPECT_EQ(frames_[0].sample.error().detail, "half a line, then silence: \"ST,GS,+00\"");
  feed_more(kLine + "\r\n");
  EXPECT_TRUE(frames_[1].sample);
}

TEST_F(Lines, ARefusalQuotesTheLine) {
  feed_more("ST,GS,+003840kg\r\nST,TR,+0014580kg\r\nST,GS,+0000012pc\r\n");
  ASSERT_EQ(frames_.size(), 3U);
  EXPECT_EQ(frames_[0].sample.error().detail, "\"ST,GS,+003840kg\" is not \"ST,GS,+0038440kg\"");
  EXPECT_EQ(frames_[1].sample.error().detail, "mode TR is a tare, not what is on the scale");
  EXPECT_EQ(frames_[1].sample.error().code, Errc::kUnsupported);
  EXPECT_EQ(frames_[2].sample.error().detail, "unit \"pc\" is none of kg, g, t, lb");
}

TEST_F(Lines, AParityBitPointsToTheLineSettings) {
  feed_more("\xD3T,GS,+0038440\r\n");
  EXPECT_NE(frames_[0].sample.error().detail.find("check data bits and parity"), std::string::npos);
}

TEST(Dini, AnAlibiAnswerKeepsItsNumber) {
  const auto frames = frames_of(kDini, example(kDini, "AlibiOfTheManual"));
  EXPECT_EQ(frames[0].sample->indicator_alibi, "00000-000158");
  EXPECT_EQ(frames[0].sample->preset_tare, Tri::kYes);
  EXPECT_EQ(frames_of(kDini, example(kDini, "AlibiNotStored"))[0].sample->indicator_alibi, "");
}

TEST(Dini, TheTareOfAnExtendedLineIsPresetOrWeighed) {
  EXPECT_EQ(frames_of(kDini, example(kDini, "ExtendedPresetTare"))[0].sample->preset_tare, Tri::kYes);
  EXPECT_EQ(frames_of(kDini, example(kDini, "ExtendedWeighedTare"))[0].sample->preset_tare, Tri::kNo);
  EXPECT_EQ(frames_of(kDini, example(kDini, "NetWithoutTare"))[0].sample->preset_tare, Tri::kUnknown);
}

// A line that lost bytes must never be read as another weight: these families have no checksum.
TEST(LinesOfAllFamilies, NoLostByteChangesAWeight) {
  for (const auto* profile : {&kAnd, &kDini, &kDini3590, &kCas}) {
    for (const auto& one : profile->examples()) {
      if (!one.good || one.value.empty()) continue;
      const auto good = bytes_of(one);
      for (std::size_t at = 0; at < good.size(); ++at) {
        for (std::size_t count = 1; count <= 3 && at + count <= good.size(); ++count) {
          auto cut = good;
          cut.erase(at, count);
          for (const auto& frame : frames_of(*profile, cut)) {
            if (!frame.sample || !frame.sample->value) continue;
            EXPECT_EQ(to_text(*frame.sample->value) + frame.sample->unit,
                      std::string(one.value) + std::string(one.unit))
                << profile->name << " " << one.name << " without " << count << " at " << at;
          }
        }
      }
    }
  }
}

struct NumberCase {
  std::string_view field, want;
};
TEST(Number, IsReadWholeOrNotAtAll) {
  for (const auto& [field, want] : std::initializer_list<NumberCase>{{"+0038440", "38440"},
                                                                     {"   38440", "38440"},
                                                                     {"-  38.44", "-38.44"},
                                                                     {"   -0.50", "-0.50"},
                                                                     {"  384,40", "384.40"},
                                                                     {"-0000000", "0"},
                                                                     {"0", "0"},
                                                                     {"", ""},
                                                                     {"        ", ""},
                                                                     {"+", ""},
                                                                     {"- ", ""},
                                                                     {".5", ""},
                                                                     {"5.", ""},
                                                                     {"1.2.3", ""},
                                                                     {"1,2.3", ""},
                                                                     {"12 3", ""},
                                                                     {"12 ", ""},
                                                                     {"+-12", ""},
                                                                     {"1e3", ""},
                                                                     {"0x1F", ""},
                                                                     {"1234567890123", ""},
                                                                     {"0.0000000001", ""}}) {
    const auto got = read_number(field);
    EXPECT_EQ(got ? to_text(*got) : "", want) << "'" << field << "'";
  }
}

}  // namespace
}  // namespace edge::scale
