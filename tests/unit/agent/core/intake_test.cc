#include "agent/core/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/memory_outbox.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using test::FakeClock;
using testing::ElementsAre;
using testing::IsEmpty;

/// In memory; the intake uses it under its own mutex.
class MemoryJournal : public Journal {
 public:
  Result<void> append(ArrivedMessage& message) override {
    if (fails) return fail(Errc::kIo, "the disk says no");
    message.number = ++last;
    kept.push_back(message);
    return {};
  }
  void taken(std::uint64_t upto) override { taken_upto = upto; }
  std::vector<ArrivedMessage> left() override { return before; }

  std::vector<ArrivedMessage> kept, before;
  std::atomic<bool> fails = false;
  std::uint64_t last = 0;
  std::atomic<std::uint64_t> taken_upto = 0;
};

/// Notes what comes, and in which groups.
class Store : public MessageSink, public MessageGroupSink, public test::MemoryOutbox {
 public:
  Result<void> accept(const InboundMessage& message) override {
    const std::lock_guard lock(mutex);
    payloads.emplace_back(message.payload);
    groups.push_back(0);
    return {};
  }
  Result<void> accept_group(std::span<const ArrivedMessage> messages) override {
    ++begun;
    const std::lock_guard hold(held);
    const std::lock_guard lock(mutex);
    if (error) return tl::unexpected(*error);
    for (const ArrivedMessage& message : messages) {
      payloads.push_back(message.payload);
      all.push_back(message);
    }
    groups.push_back(messages.size());
    return {};
  }
  bool accepting() const override { return accepts; }
  std::vector<std::string> seen() const {
    const std::lock_guard lock(mutex);
    return payloads;
  }

  mutable std::mutex mutex;
  std::mutex held;  ///< a test holds it to keep the store busy
  std::vector<std::string> payloads;
  std::vector<ArrivedMessage> all;
  std::vector<std::size_t> groups;  ///< 0 = one message past the journal
  std::optional<Error> error;
  std::atomic<bool> accepts = true;
  std::atomic<int> begun = 0;
};

class IntakeTest : public testing::Test {
 protected:
  void make(milliseconds gather = milliseconds(5), bool gathers = true) {
    intake_.emplace(Intake::Parts{journal_, store_, store_, store_, clock_, gathers},
                    [this](const Error& error) { fatal_ = error.detail; },
                    [this](std::string_view line) { troubles_.emplace_back(line); },
                    Intake::Times{gather, milliseconds(20)});
  }
  Result<void> send(std::string_view payload) {
    InboundMessage message;
    message.topic = "yam/silo-a/dev1/observation";
    message.payload = payload;
    message.packet_id = 7;
    message.duplicate = true;
    message.connection = 3;
    return intake_->accept(message);
  }
  template <class What>
  void wait(What what) {
    for (int n = 0; n < 4'000 && !what(); ++n) std::this_thread::sleep_for(milliseconds(2));
    ASSERT_TRUE(what());
  }

  FakeClock clock_;
  MemoryJournal journal_;
  Store store_;
  std::string fatal_;
  std::vector<std::string> troubles_;
  std::optional<Intake> intake_;
};

TEST_F(IntakeTest, CommitsTogetherWhatCameTogetherInItsOrder) {
  make(milliseconds(3'600'000));
  intake_->start(false);
  for (const char* payload : {"a", "b", "c"}) ASSERT_TRUE(send(payload));
  EXPECT_EQ(journal_.kept.size(), 3U) << "acknowledged is what the journal has";
  EXPECT_THAT(store_.seen(), IsEmpty());
  intake_->stop();  // or after the time to gather
  EXPECT_THAT(store_.seen(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(store_.groups, ElementsAre(3));
  const ArrivedMessage& first = store_.all[0];
  EXPECT_EQ(first.topic, "yam/silo-a/dev1/observation");
  EXPECT_EQ(first.packet_id, 7);
  EXPECT_TRUE(first.duplicate);
  EXPECT_FALSE(first.retained);
  EXPECT_EQ(first.connection, 3U);
  EXPECT_EQ(first.at.utc_ms, FakeClock::kStart);
  EXPECT_EQ(first.at.boot, "5f0c9a1e");
  EXPECT_EQ(first.number, 1U);
}

TEST_F(IntakeTest, WaitsNoLongerThanTheTimeToGather) {
  make();
  intake_->start(false);
  ASSERT_TRUE(send("alone"));
  wait([&] { return journal_.taken_upto == 1; });
}

TEST_F(IntakeTest, AFullGroupDoesNotWait) {
  make(milliseconds(3'600'000));
  intake_->start(false);
  for (std::size_t n = 0; n < Intake::kGroup; ++n) ASSERT_TRUE(send("x"));
  wait([&] { return journal_.taken_upto == Intake::kGroup; });
}

TEST_F(IntakeTest, AcknowledgesNothingWhileAnOlderMessageWaitsTooLong) {
  make();
  intake_->start(false);
  std::unique_lock busy(store_.held);
  ASSERT_TRUE(send("old"));
  wait([&] { return store_.begun == 1; });
  ASSERT_TRUE(send("young enough"));
  clock_.advance(milliseconds(20));
  auto late = std::async(std::launch::async, [&] { return send("late"); });
  EXPECT_EQ(late.wait_for(milliseconds(100)), std::future_status::timeout);
  EXPECT_EQ(journal_.kept.size(), 2U);
  busy.unlock();
  EXPECT_TRUE(late.get());
  wait([&] { return journal_.taken_upto == 3; });
  EXPECT_THAT(store_.seen(), ElementsAre("old", "young enough", "late"));
}

TEST_F(IntakeTest, WhatTheJournalCannotTakeIsCommittedFirst) {
  make();
  intake_->start(false);
  ASSERT_TRUE(send("a"));
  journal_.fails = true;
  ASSERT_TRUE(send("b"));
  EXPECT_THAT(store_.seen(), ElementsAre("a", "b")) << "before it is acknowledged, and in its turn";
  EXPECT_THAT(troubles_, ElementsAre("the disk says no"));
  journal_.fails = false;
  ASSERT_TRUE(send("c"));
  ASSERT_TRUE(send(std::string(Intake::kLargest, 'x')));
  EXPECT_EQ(store_.seen().size(), 4U);
  EXPECT_EQ(journal_.kept.size(), 2U) << "a large message goes past it";
  EXPECT_THAT(troubles_, ElementsAre("the disk says no", ""));
}

TEST_F(IntakeTest, AtPowerCutLevelNothingIsAcknowledgedOutOfTheJournal) {
  make(milliseconds(5), false);
  journal_.before.push_back({"yam/silo-a/dev1/observation", "of before", 0, false, false, 1, {}, 4});
  intake_->start(false);
  ASSERT_TRUE(send("a"));
  EXPECT_THAT(store_.seen(), ElementsAre("of before", "a"));
  EXPECT_THAT(journal_.kept, IsEmpty());
}

TEST_F(IntakeTest, WhatTheJournalHasFromBeforeGoesFirst) {
  make();
  for (std::uint64_t n = 5; n <= 5 + Intake::kGroup; ++n) {
    journal_.before.push_back({"yam/silo-a/dev1/observation", std::to_string(n), 9, false, false, 1, {}, n});
  }
  journal_.last = 5 + Intake::kGroup;
  store_.accepts = false;
  intake_->start(false);
  auto waits = std::async(std::launch::async, [&] { return send("new"); });
  EXPECT_EQ(waits.wait_for(milliseconds(300)), std::future_status::timeout);
  EXPECT_THAT(store_.seen(), IsEmpty()) << "a full store is not written to";
  store_.accepts = true;
  ASSERT_TRUE(waits.get());
  wait([&] { return store_.seen().size() == Intake::kGroup + 2; });
  EXPECT_EQ(store_.seen().front(), "5");
  EXPECT_EQ(store_.seen().back(), "new");
  EXPECT_FALSE(store_.all[0].duplicate);
  EXPECT_EQ(store_.all[0].connection, 0x8000'0001U) << "none of this process";
  EXPECT_EQ(journal_.taken_upto, 6 + Intake::kGroup);
}

TEST_F(IntakeTest, BeforeAStoreThatLostItsNoteEachIsLookedUp) {
  make();
  journal_.before.push_back({"yam/silo-a/dev1/observation", "x", 9, false, false, 1, {}, 5});
  intake_->start(true);
  wait([&] { return journal_.taken_upto == 5; });
  EXPECT_TRUE(store_.all[0].duplicate);
}

TEST_F(IntakeTest, AStopCommitsWhatWaits) {
  make(milliseconds(3'600'000));
  intake_->start(false);
  ASSERT_TRUE(send("a"));
  ASSERT_TRUE(send("b"));
  intake_->release();
  ASSERT_TRUE(send("c")) << "of a source that has not stopped yet";
  intake_->stop();
  EXPECT_THAT(store_.seen(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(journal_.taken_upto, 3U);
}

TEST_F(IntakeTest, AStopBeforeAFullStoreLeavesAllInTheJournal) {
  make();
  journal_.before.push_back({"yam/silo-a/dev1/observation", "x", 9, false, false, 1, {}, 5});
  store_.accepts = false;
  intake_->start(false);
  auto waits = std::async(std::launch::async, [&] { return send("new"); });
  intake_->release();
  ASSERT_TRUE(waits.get()) << "no source hangs";
  intake_->stop();
  EXPECT_THAT(store_.seen(), IsEmpty());
  EXPECT_EQ(journal_.taken_upto, 0U);
  EXPECT_EQ(journal_.kept.size(), 1U);
}

TEST_F(IntakeTest, AGroupThatCannotBeStoredEndsIt) {
  make();
  store_.error = Error{Errc::kIo, "no"};
  intake_->start(false);
  ASSERT_TRUE(send("a"));
  wait([&] { return !send("b"); });
  intake_->stop();
  EXPECT_EQ(fatal_, "no");
  EXPECT_EQ(journal_.taken_upto, 0U) << "the next start has it";
}

}  // namespace
}  // namespace edge
