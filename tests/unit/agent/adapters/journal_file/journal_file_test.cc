#include "agent/adapters/journal_file/journal_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "agent/adapters/journal_file/journal_entry.h"
#include "tests/support/temp_dir.h"

namespace edge {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ArrivedMessage message(std::string payload) {
  ArrivedMessage one;
  one.topic = "yam/silo-a/dev1/observation";
  one.payload = std::move(payload);
  one.packet_id = 65'535;
  one.retained = true;
  one.duplicate = false;
  one.connection = 4;
  one.at = {1'771'840'801'000, 86'400'123, ClockState::kCorrected, "5f0c9a1e"};
  return one;
}

class JournalFileTest : public testing::Test {
 protected:
  /// Closed without a word first, as a kill does.
  void open(std::int64_t position = 0) {
    journal_.reset();
    auto opened = JournalFile::open(dir_.path(), position, [this](std::string_view line) { news_.emplace_back(line); });
    ASSERT_TRUE(opened) << opened.error().detail;
    journal_ = *std::move(opened);
    left_ = journal_->left();
  }
  std::uint64_t add(std::string payload) {
    ArrivedMessage one = message(std::move(payload));
    const auto kept = journal_->append(one);
    return kept ? one.number : 0;
  }
  std::vector<std::string> payloads() const {
    std::vector<std::string> all;
    for (const ArrivedMessage& one : left_) all.push_back(one.payload);
    return all;
  }
  fs::path file() const { return dir_.path() / "journal"; }
  std::string bytes() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(std::size_t at, std::string_view with) const {
    std::fstream out(file(), std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(at));
    out.write(with.data(), static_cast<std::streamsize>(with.size()));
  }

  test::TempDir dir_;
  std::unique_ptr<JournalFile> journal_;
  std::vector<ArrivedMessage> left_;
  std::vector<std::string> news_;
};

TEST_F(JournalFileTest, GivesBackWhatWasNotTaken) {
  open();
  EXPECT_THAT(left_, IsEmpty());
  EXPECT_EQ(add("a"), 1U);
  EXPECT_EQ(add(std::string("nul \0 and \n", 11)), 2U);
  EXPECT_EQ(add(""), 3U);
  open();
  ASSERT_EQ(left_.size(), 3U);
  EXPECT_EQ(left_[1].payload, std::string("nul \0 and \n", 11));
  EXPECT_EQ(left_[2].payload, "");
  const ArrivedMessage& first = left_[0];
  EXPECT_EQ(first.topic, "yam/silo-a/dev1/observation");
  EXPECT_EQ(first.payload, "a");
  EXPECT_EQ(first.packet_id, 65'535);
  EXPECT_TRUE(first.retained);
  EXPECT_FALSE(first.duplicate);
  EXPECT_EQ(first.connection, 4U);
  EXPECT_EQ(first.at.utc_ms, 1'771'840'801'000);
  EXPECT_EQ(first.at.mono_ms, 86'400'123);
  EXPECT_EQ(first.at.clock, ClockState::kCorrected);
  EXPECT_EQ(first.at.boot, "5f0c9a1e");
  EXPECT_EQ(first.number, 1U);
  EXPECT_EQ(add("d"), 4U);
}

TEST_F(JournalFileTest, WhatTheStoreHasIsNotGivenAgain) {
  open();
  for (const char* payload : {"a", "b", "c", "d"}) add(payload);
  open(2);  // the store committed two, and the process died before it told
  EXPECT_THAT(payloads(), ElementsAre("c", "d"));
  journal_->taken(3);
  open(2);  // a store of before: it was set back
  EXPECT_THAT(payloads(), ElementsAre("d"));
  open(0);  // a new store
  EXPECT_THAT(payloads(), ElementsAre("d"));
  EXPECT_EQ(add("e"), 5U);
  open(900);  // a store that is further: of another journal
  EXPECT_THAT(left_, IsEmpty());
  EXPECT_EQ(add("f"), 901U);
}

TEST_F(JournalFileTest, GoesRoundAndRound) {
  open();
  std::mt19937 dice(7);
  std::uint64_t last = 0;
  std::vector<std::string> waiting;
  for (int n = 0; n < 20'000; ++n) {
    const std::string payload = std::to_string(n) + std::string(dice() % 3'000, 'p');
    if (const auto number = add(payload); number != 0) {
      ASSERT_EQ(number, last + 1);
      last = number;
      waiting.push_back(payload);
    } else {
      ASSERT_GT(waiting.size(), 100U) << "full with hardly anything in it";
    }
    if (dice() % 400 == 0) {
      const auto some = dice() % (waiting.size() + 1);
      journal_->taken(last - waiting.size() + some);
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(some));
    }
    if (dice() % 500 == 0) {
      open();
      ASSERT_EQ(payloads(), waiting) << "after " << n;
    }
  }
  EXPECT_EQ(fs::file_size(file()), 4'096 + JournalFile::kCapacity) << "it never grows";
}

TEST_F(JournalFileTest, FullIsSaid) {
  open();
  const std::string large(30'000, 'x');
  int kept = 0;
  while (add(large) != 0) ++kept;
  EXPECT_EQ(kept, 34) << "1 MiB of them";
  ArrivedMessage one = message(large);
  EXPECT_EQ(journal_->append(one).error().code, Errc::kFull);
  journal_->taken(1);
  EXPECT_EQ(add(large), 35U);
  EXPECT_EQ(add(large), 0U);
  open();
  EXPECT_EQ(left_.size(), 34U);
}

TEST_F(JournalFileTest, ADamagedEntryIsLeftOutAndTheOthersAreGiven) {
  open();
  for (const char* payload : {"first", "second", "third"}) add(payload);
  overwrite(bytes().find("second"), "s");  // the same
  open();
  EXPECT_THAT(payloads(), ElementsAre("first", "second", "third"));
  overwrite(bytes().find("second"), "S");
  open();
  EXPECT_THAT(payloads(), ElementsAre("first", "third"));
  EXPECT_EQ(add("fourth"), 4U);
  open();
  EXPECT_THAT(payloads(), ElementsAre("first", "third", "fourth"));
}

TEST_F(JournalFileTest, SomebodysPayloadIsNoEntry) {
  // What an attacker can know of the file: the layout, everything but the secret.
  ArrivedMessage forged = message("forged");
  forged.topic = "yam/silo-b/dev9/observation";
  forged.number = 2;
  std::string inner, outer;
  encode_entry(forged, "another secret", inner);
  encode_entry(message(""), "another secret", outer);
  const std::string padding(kEntryStep - outer.size() % kEntryStep, '.');
  open();
  add(padding + inner);
  overwrite(4'096, "x");  // the outer entry is gone: what is in it is looked through
  ASSERT_EQ((bytes().find("edgemsg1") - 4'096) % kEntryStep, 0U) << "where an entry would be looked for";
  open();
  EXPECT_THAT(left_, IsEmpty());
}

TEST_F(JournalFileTest, ADamagedHeadIsKeptAndSaid) {
  open();
  add("a");
  const std::string before = bytes();
  overwrite(20, "xxxx");
  open(5);
  EXPECT_THAT(left_, IsEmpty());
  EXPECT_THAT(news_, ElementsAre(HasSubstr("journal.damaged")));
  EXPECT_TRUE(fs::exists(dir_.path() / "journal.damaged"));
  EXPECT_EQ(add("b"), 6U);
  open(5);
  EXPECT_THAT(payloads(), ElementsAre("b"));
}

TEST_F(JournalFileTest, ADamagedMarkIsNotBelieved) {
  open();
  add("a");
  add("b");
  journal_->taken(1);
  overwrite(512, "9");
  open();
  EXPECT_THAT(payloads(), ElementsAre("a", "b")) << "the store knows better, or looks each up";
}

TEST_F(JournalFileTest, AFileThatWasNeverFinishedIsMadeAnew) {
  std::ofstream(file()) << std::string(5'000, '\0');
  open();
  EXPECT_THAT(news_, IsEmpty());
  EXPECT_EQ(add("a"), 1U);
  EXPECT_EQ(fs::file_size(file()), 4'096 + JournalFile::kCapacity);
}

TEST_F(JournalFileTest, AnotherFileHasAnotherSecret) {
  open();
  const std::string one = bytes().substr(16, 32);
  journal_.reset();
  fs::remove(file());
  open();
  EXPECT_NE(bytes().substr(16, 32), one);
}

TEST_F(JournalFileTest, EveryDamageToAnEntryIsFound) {
  std::string whole;
  encode_entry(message("payload"), "secret", whole);
  ASSERT_TRUE(decode_entry(whole, "secret"));
  EXPECT_FALSE(decode_entry(whole, "Secret"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {1, 128}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ bit);
      EXPECT_FALSE(decode_entry(damaged, "secret")) << at;
    }
    EXPECT_FALSE(decode_entry(std::string_view(whole).substr(0, at), "secret")) << at;
  }
}

}  // namespace
}  // namespace edge
