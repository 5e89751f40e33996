#include <gtest/gtest.h>

#include <random>
#include <set>

#include "protocols/bytes.h"
#include "protocols/scale/decoder.h"
#include "tests/unit/protocols/scale/stream.h"

namespace edge::scale {
namespace {

using namespace test;

struct Case {
  const Profile* profile;
  Example example;
};

std::vector<Case> all_examples() {
  std::vector<Case> all;
  for (const auto& profile : profiles()) {
    for (const auto& example : profile.examples()) all.push_back({&profile, example});
  }
  return all;
}

std::string test_name(const Profile& profile, std::string_view rest) {
  std::string name(profile.name);
  for (char& c : name) c = c == '-' ? '_' : c;
  return name + "_" + std::string(rest);
}

std::string text(const std::optional<Weight>& weight) { return weight ? to_text(*weight) : ""; }

class Examples : public testing::TestWithParam<Case> {};

TEST_P(Examples, SayWhatTheyShow) {
  const auto& [profile, example] = GetParam();
  const auto bytes = bytes_of(example);
  const auto frames = frames_of(*profile, bytes);
  EXPECT_EQ(joined(frames), bytes);
  ASSERT_FALSE(frames.empty());
  if (!example.good) {
    for (const auto& frame : frames) {
      ASSERT_FALSE(frame.sample) << "read as " << describe(*frame.sample);
      EXPECT_TRUE(!frame.sample.error().detail.empty() && is_plain_text(frame.sample.error().detail));
    }
    return;
  }
  ASSERT_EQ(frames.size(), 1U);
  ASSERT_TRUE(frames[0].sample) << frames[0].sample.error().detail;
  const auto& sample = *frames[0].sample;
  EXPECT_EQ(text(sample.value), example.value);
  EXPECT_EQ(sample.unit, example.unit);
  EXPECT_EQ(sample.mode, example.mode);
  EXPECT_EQ(sample.stable, example.stable);
  EXPECT_EQ(sample.zero, example.zero);
  EXPECT_EQ(sample.range, example.range);
  EXPECT_EQ(text(sample.tare), example.tare);
  EXPECT_EQ(text(sample.e), example.e);
  EXPECT_EQ(sample.raw, bytes);
  EXPECT_EQ(sample.fault.empty(), sample.range != WeightRange::kError);
  EXPECT_EQ(sample.value.has_value(), sample.range == WeightRange::kIn);
}

TEST_P(Examples, AreTheSameInAnyTwoPieces) {
  const auto& [profile, example] = GetParam();
  // Between two good frames, so that the cut also falls on their seams.
  const auto good = bytes_of(profile->examples()[0]);
  const auto stream = good + bytes_of(example) + good;
  const auto want = seen(frames_of(*profile, stream));
  EXPECT_EQ(seen(frames_of(*profile, stream, bytewise())), want);
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    ASSERT_EQ(seen(frames_of(*profile, stream, [cut] { return cut; })), want) << "cut at " << cut;
  }
}

TEST_P(Examples, DoNotSpoilTheFramesAfterThem) {
  const auto& [profile, example] = GetParam();
  const auto good = bytes_of(profile->examples()[0]);
  const auto frames = frames_of(*profile, bytes_of(example) + good + good);
  ASSERT_GE(frames.size(), 2U);
  EXPECT_TRUE(frames.back().sample) << frames.back().sample.error().detail;
  EXPECT_EQ(frames.back().raw, good);
  // A line that lost its end takes the next one with it; whatever has an end, or an STX, takes none.
  const bool ended = !profile->name.starts_with("toledo") && !bytes_of(example).ends_with('\n');
  EXPECT_EQ(count_good(frames), (example.good ? 1U : 0U) + (ended ? 1U : 2U));
}

INSTANTIATE_TEST_SUITE_P(Families, Examples, testing::ValuesIn(all_examples()),
                         [](const auto& one) { return test_name(*one.param.profile, one.param.example.name); });

class Families : public testing::TestWithParam<const Profile*> {};

TEST_P(Families, AreTheSameInAnyChunks) {
  const auto& profile = *GetParam();
  std::string stream;
  for (const auto& example : profile.examples()) stream += bytes_of(example);
  const auto want = frames_of(profile, stream);
  EXPECT_EQ(joined(want), stream);
  std::minstd_rand dice(20260223);
  for (int round = 0; round < 50; ++round) {
    const auto frames = frames_of(profile, stream, [&] { return std::size_t{1 + dice() % 40}; });
    ASSERT_EQ(seen(frames), seen(want)) << "round " << round;
  }
}

TEST_P(Families, KeepEveryByteOfAnyStream) {
  const auto& profile = *GetParam();
  const auto good = bytes_of(profile.examples()[0]);
  std::minstd_rand dice(7);
  for (int round = 0; round < 200; ++round) {
    std::string stream;
    for (int n = 0; n < 20; ++n) stream += good;
    for (int n = 0; n < 10; ++n) {
      const auto at = dice() % stream.size();
      switch (dice() % 3) {
        case 0:
          stream[at] = static_cast<char>(dice() % 256);
          break;
        case 1:
          stream.erase(at, 1 + dice() % 5);
          break;
        default:
          stream.insert(at, 1 + dice() % 200, static_cast<char>(dice() % 256));
      }
    }
    const auto frames = frames_of(profile, stream);
    ASSERT_EQ(joined(frames), stream);
    for (const auto& frame : frames) ASSERT_LE(frame.raw.size(), 82U);
  }
}

TEST_P(Families, ReadAStreamOfGoodFramesWithoutALoss) {
  const auto& profile = *GetParam();
  std::string stream;
  std::size_t count = 0;
  for (const auto& example : profile.examples()) {
    if (!example.good) continue;
    stream += bytes_of(example);
    ++count;
  }
  const auto frames = frames_of(profile, stream);
  EXPECT_EQ(frames.size(), count);
  EXPECT_EQ(count_good(frames), count);
}

TEST_P(Families, SayNothingOfNothing) {
  EXPECT_TRUE(frames_of(*GetParam(), "").empty());
  // And a reset of an empty decoder leaves it usable.
  const auto decoder = GetParam()->make();
  std::vector<Frame> frames;
  decoder->reset([&](const Frame& frame) { frames.push_back(frame); });
  feed(*decoder, bytes_of(GetParam()->examples()[0]), frames);
  EXPECT_EQ(count_good(frames), 1U);
}

TEST_P(Families, AreFoundByName) {
  EXPECT_EQ(find_profile(GetParam()->name), GetParam());
  EXPECT_FALSE(GetParam()->title.empty());
  EXPECT_GE(GetParam()->examples().size(), 5U);
  std::set<std::string_view> names;
  for (const auto& example : GetParam()->examples()) EXPECT_TRUE(names.insert(example.name).second) << example.name;
}

std::vector<const Profile*> all_profiles() {
  std::vector<const Profile*> all;
  for (const auto& profile : profiles()) all.push_back(&profile);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Registry, Families, testing::ValuesIn(all_profiles()),
                         [](const auto& one) { return test_name(*one.param, "all"); });

TEST(Registry, KnowsNoOther) {
  EXPECT_EQ(find_profile("toledo-long"), nullptr);
  EXPECT_EQ(find_profile(""), nullptr);
  std::set<std::string_view> names;
  for (const auto& profile : profiles()) EXPECT_TRUE(names.insert(profile.name).second) << profile.name;
}

}  // namespace
}  // namespace edge::scale
