#include "agent/adapters/modbus_source/slave_poll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace edge {
namespace {

using namespace std::chrono_literals;
using Kind = ModbusAnswer::Kind;
using Time = SlavePoll::Time;
using testing::ElementsAre;

modbus::RegisterMap map_of(std::vector<std::uint16_t> registers) {
  modbus::RegisterMap map;
  for (const auto reg : registers) map.values.push_back({"t", reg, modbus::WordType::kI16, "1", "", {}});
  return map;
}

/// A serial line with one slave that answers in the order it was asked, each answer late, lost or in time as the dice
/// say. Every answer carries the number of the question it is for.
class LateLine : public ModbusLine {
 public:
  explicit LateLine(unsigned seed) : dice_(seed) {}

  ModbusAnswer ask(int /*unit*/, int /*function*/, modbus::ReadSpan span) override {
    asked.push_back(span);
    ++question_;
    // What came before the question is thrown away, unless it is still under way.
    while (!coming_.empty() && roll(3) == 0) coming_.pop_front();
    if (roll(4) != 0) coming_.push_back({question_, span.count, roll(6) == 0});
    if (coming_.empty() || roll(3) == 0) return {Kind::kNone, {}, "no answer"};
    const Coming first = coming_.front();
    coming_.pop_front();
    if (first.exception) return {Kind::kException, {}, "exception 6"};
    if (first.count != span.count) return {Kind::kUnusable, {}, "another number of registers"};
    ModbusAnswer answer{Kind::kRead, {}, {}};
    for (int n = 0; n < span.count; ++n) {
      answer.registers[static_cast<std::uint16_t>(span.first + n)] = static_cast<std::uint16_t>(first.question);
    }
    return answer;
  }
  int question() const { return question_; }

  std::vector<modbus::ReadSpan> asked;

 private:
  struct Coming {
    int question;
    std::uint16_t count;
    bool exception;
  };
  unsigned roll(unsigned sides) { return static_cast<unsigned>(dice_() % sides); }

  std::mt19937 dice_;
  std::deque<Coming> coming_;
  int question_ = 0;
};

class SlavePollLate : public testing::TestWithParam<std::vector<std::uint16_t>> {};
TEST_P(SlavePollLate, NeverTakesAnAnswerForAnotherQuestions) {
  int values = 0;
  int failures = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    LateLine line(seed);
    Time now{};
    SlavePoll poll(map_of(GetParam()), {1, 100ms, 60s}, now);
    for (int n = 0; n < 500; ++n) {
      const auto before = line.question();
      const auto answer = poll.read(line, now);
      if (answer.kind != Kind::kRead) {
        ++failures;
        continue;
      }
      ++values;
      for (const auto& [address, question] : answer.registers) {
        EXPECT_GT(question, before) << "seed " << seed << ": an answer of an earlier round";
      }
      EXPECT_EQ(answer.registers.begin()->second, line.question() - (GetParam().size() > 2 ? 1 : 0));
      EXPECT_EQ(answer.registers.back().second, line.question());
    }
  }
  EXPECT_GT(values, 200) << "answers in time are taken";
  EXPECT_GT(failures, 1'000);
}
INSTANTIATE_TEST_SUITE_P(Maps, SlavePollLate,
                         testing::Values(std::vector<std::uint16_t>{1, 2}, std::vector<std::uint16_t>{5},
                                         std::vector<std::uint16_t>{0, 1, 40}));

/// Answers as told, then always.
class ScriptLine : public ModbusLine {
 public:
  ModbusAnswer ask(int /*unit*/, int function, modbus::ReadSpan span) override {
    functions.push_back(function);
    asked.push_back(span);
    const Kind kind = script.empty() ? Kind::kRead : script.front();
    if (!script.empty()) script.pop_front();
    ModbusAnswer answer{kind, {}, kind == Kind::kRead ? "" : "why"};
    if (kind == Kind::kRead) {
      for (int n = 0; n < span.count; ++n) answer.registers[static_cast<std::uint16_t>(span.first + n)] = 7;
    }
    return answer;
  }
  std::deque<Kind> script;
  std::vector<modbus::ReadSpan> asked;
  std::vector<int> functions;
};

constexpr modbus::ReadSpan kProbe{1, 1};
constexpr modbus::ReadSpan kQuestion{1, 2};

TEST(SlavePoll, AsksAProbeFirstAndAfterAFailure) {
  ScriptLine line;
  SlavePoll poll(map_of({1, 2}), {1, 1s, 60s}, {});
  EXPECT_EQ(poll.read(line, {}).kind, Kind::kRead);
  EXPECT_EQ(poll.read(line, Time{1s}).kind, Kind::kRead);
  line.script = {Kind::kNone};
  EXPECT_EQ(poll.read(line, Time{2s}).kind, Kind::kNone);
  EXPECT_EQ(poll.read(line, Time{3s}).kind, Kind::kRead);
  EXPECT_THAT(line.asked, ElementsAre(kProbe, kQuestion, kQuestion, kQuestion, kProbe, kQuestion));
}

constexpr modbus::ReadSpan kOtherProbe{1, 3};

TEST(SlavePoll, AnExceptionIsAnAnswer) {
  ScriptLine line;
  SlavePoll poll(map_of({1, 2}), {1, 1s, 60s}, {});
  line.script = {Kind::kRead, Kind::kException};
  EXPECT_EQ(poll.read(line, {}).kind, Kind::kException);
  EXPECT_EQ(poll.read(line, {}).kind, Kind::kRead);
  EXPECT_THAT(line.asked, ElementsAre(kProbe, kQuestion, kQuestion));
}

TEST(SlavePoll, AnExceptionMayBeTheMissedAnswer) {
  ScriptLine line;
  SlavePoll poll(map_of({1, 2}), {1, 1s, 60s}, {});
  poll.read(line, {});
  line.asked.clear();
  // The second exception may be the probe's, so the question's answer may still come.
  line.script = {Kind::kNone, Kind::kException, Kind::kException};
  for (int n = 0; n < 3; ++n) poll.read(line, {});
  EXPECT_THAT(line.asked, ElementsAre(kQuestion, kProbe, kQuestion, kProbe, kQuestion));
}

TEST(SlavePoll, NoProbeIsAskedAgainWhileItsAnswerMayCome) {
  ScriptLine line;
  SlavePoll poll(map_of({1, 2}), {1, 1s, 60s}, {});
  line.script = {Kind::kNone, Kind::kUnusable, Kind::kRead};
  for (int n = 0; n < 3; ++n) poll.read(line, {});
  EXPECT_THAT(line.asked, ElementsAre(kProbe, kOtherProbe, modbus::ReadSpan{1, 4}, kQuestion));
}

TEST(SlavePoll, AsksASlaveThatKnowsNoProbesAgainWhenNothingCanComeAnyMore) {
  ScriptLine line;
  SlavePoll poll(map_of({1, 2}), {1, 1s, 60s}, {});
  line.script = {Kind::kNone, Kind::kNone};
  EXPECT_EQ(poll.read(line, Time{1s}).kind, Kind::kNone);
  EXPECT_EQ(poll.read(line, Time{29s}).kind, Kind::kNone);
  EXPECT_EQ(poll.read(line, Time{30s}).kind, Kind::kRead);
  EXPECT_THAT(line.asked, ElementsAre(kProbe, kOtherProbe, kQuestion));
}

TEST(SlavePoll, ReadsEverySpanOrSaysWhyNot) {
  ScriptLine line;
  auto map = map_of({1, 40});
  map.function = 4;
  SlavePoll poll(map, {1, 1s, 60s}, {});
  EXPECT_EQ(poll.read(line, {}).registers.size(), 2U);
  EXPECT_THAT(line.functions, ElementsAre(4, 4, 4));
  line.asked.clear();
  line.script = {Kind::kRead, Kind::kUnusable};
  const auto answer = poll.read(line, {});
  EXPECT_EQ(answer.kind, Kind::kUnusable);
  EXPECT_TRUE(answer.registers.empty()) << "half an answer is none";
}

TEST(SlavePoll, KeepsItsBeatAndMakesNothingUp) {
  SlavePoll poll(map_of({1}), {1, 1s, 60s}, {});
  poll.settle(Kind::kRead, Time{30ms});
  EXPECT_EQ(poll.due(), Time{1s});
  poll.settle(Kind::kException, Time{1'700ms});
  EXPECT_EQ(poll.due(), Time{2s});
  poll.settle(Kind::kRead, Time{10s});
  EXPECT_EQ(poll.due(), Time{11s}) << "eight rounds were missed, one comes";
}

TEST(SlavePoll, BacksOffAndComesBackAtOnce) {
  SlavePoll poll(map_of({1}), {1, 10s, 60s}, {});
  Time now{};
  std::vector<std::chrono::seconds> waits;
  for (int n = 0; n < 5; ++n) {
    poll.settle(Kind::kNone, now);
    waits.push_back(std::chrono::duration_cast<std::chrono::seconds>(poll.due() - now));
    now = poll.due();
  }
  EXPECT_THAT(waits, ElementsAre(10s, 20s, 40s, 60s, 60s));
  poll.settle(Kind::kRead, now);
  EXPECT_EQ(poll.due() - now, 10s);
  SlavePoll rare(map_of({1}), {1, 24h, 60s}, {});
  rare.settle(Kind::kNone, now);
  EXPECT_EQ(rare.due() - now, 24h) << "never sooner than it is asked when it answers";
}

/// Ten slaves on one bus, answers take 30 ms and a timeout 350: what the nine lose to a dead one, within ten minutes.
TEST(SlavePoll, ADeadSlaveCostsTheOthersLessThanATenth) {
  class Bus : public ModbusLine {
   public:
    ModbusAnswer ask(int unit, int /*function*/, modbus::ReadSpan span) override {
      const bool dead = unit == dead_unit;
      now += dead ? 350ms : 30ms;
      ModbusAnswer answer{dead ? Kind::kNone : Kind::kRead, {}, {}};
      if (!dead) answer.registers[span.first] = 1;
      return answer;
    }
    int dead_unit = 0;
    Time now{};
  };
  for (const auto every : {100ms, 1'000ms}) {
    const auto rounds = [&](int dead_unit) {
      Bus bus;
      bus.dead_unit = dead_unit;
      std::vector<SlavePoll> slaves;
      for (int unit = 1; unit <= 10; ++unit)
        slaves.emplace_back(map_of({1, 2}), SlavePoll::Settings{unit, every}, Time{});
      int good = 0;
      while (bus.now < Time{10min}) {
        const auto next = std::min_element(slaves.begin(), slaves.end(),
                                           [](const auto& a, const auto& b) { return a.due() < b.due(); });
        bus.now = std::max(bus.now, next->due());
        const auto answer = next->read(bus, bus.now);
        next->settle(answer.kind, bus.now);
        if (answer.kind == Kind::kRead && next != slaves.begin()) ++good;
      }
      return good;
    };
    const int alone = rounds(0);
    const int beside = rounds(1);
    EXPECT_GT(alone, 5'000);
    EXPECT_GT(beside * 10, alone * 9) << every.count() << " ms: " << beside << " of " << alone;
  }
}

}  // namespace
}  // namespace edge
