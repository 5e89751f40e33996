#include "agent/adapters/modbus_source/slave_poll.h"

#include <algorithm>
#include <utility>

namespace edge {
namespace {

using Kind = ModbusAnswer::Kind;

}  // namespace

SlavePoll::SlavePoll(const modbus::RegisterMap& map, Settings settings, Time first)
    : settings_(settings), function_(map.function), plan_(modbus::read_plan(map)), due_(first) {
  for (const auto& span : plan_) missed_.push_back({first, span.count});
}

bool SlavePoll::may_ask(std::uint16_t count) const {
  return std::none_of(missed_.begin(), missed_.end(), [&](const Missed& each) { return each.count == count; });
}

modbus::ReadSpan SlavePoll::probe() const {
  modbus::ReadSpan span{plan_.front().first, 1};
  const auto is_of_plan = [&] {
    return std::any_of(plan_.begin(), plan_.end(), [&](const auto& each) { return each.count == span.count; });
  };
  while (is_of_plan() || !may_ask(span.count)) ++span.count;
  // Never over the end of the address space.
  span.first = static_cast<std::uint16_t>(std::min<int>(span.first, 0x10000 - span.count));
  return span;
}

ModbusAnswer SlavePoll::ask(ModbusLine& line, modbus::ReadSpan span, Time now) {
  ModbusAnswer answer = line.ask(settings_.unit, function_, span);
  if (answer.kind == Kind::kRead) {
    missed_.clear();
    return answer;
  }
  missed_.push_back({now, span.count});
  if (answer.kind == Kind::kException) missed_.pop_front();
  return answer;
}

ModbusAnswer SlavePoll::read(ModbusLine& line, Time now) {
  std::erase_if(missed_, [&](const Missed& each) { return now - each.asked >= kLatest; });
  const auto may_read = [&] {
    return std::all_of(plan_.begin(), plan_.end(), [&](const auto& span) { return may_ask(span.count); });
  };
  if (!may_read()) {
    ModbusAnswer answer = ask(line, probe(), now);
    if (!may_read()) return answer;
  }
  ModbusAnswer all{Kind::kRead, {}, {}};
  for (const auto& span : plan_) {
    ModbusAnswer part = ask(line, span, now);
    if (part.kind != Kind::kRead) return part;
    if (all.registers.empty()) {
      all.registers = std::move(part.registers);
    } else {
      all.registers.merge(part.registers);
    }
  }
  return all;
}

void SlavePoll::settle(ModbusAnswer::Kind kind, Time now) {
  if (kind == Kind::kRead || kind == Kind::kException) {
    failures_ = 0;
    // On its beat; what was missed is not made up for.
    due_ += settings_.every;
    if (due_ <= now) due_ = now + settings_.every;
    return;
  }
  auto wait = settings_.every;
  const auto longest = std::max(settings_.longest, settings_.every);
  for (int n = 0; n < failures_ && wait < longest; ++n) wait *= 2;
  ++failures_;
  due_ = now + std::min(wait, longest);
}

}  // namespace edge
