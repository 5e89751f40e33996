#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "protocols/record/weighing.h"

// Samples of a truck scale of 60 t / 20 kg, and the scale itself, for the tests of the state machine.
namespace edge {

inline WeighingRules truck_scale() {
  WeighingRules rules;
  rules.unit = "kg";
  rules.e = {20, 0};
  rules.max = Weight{60000, 0};
  return rules;
}

inline WeightSample shows(std::int64_t digits, Tri stable = Tri::kYes, Tri zero = Tri::kUnknown) {
  WeightSample sample;
  sample.value = Weight{digits, 0};
  sample.unit = "kg";
  sample.mode = WeightMode::kGross;
  sample.stable = stable;
  sample.zero = zero;
  return sample;
}
inline WeightSample at_zero() { return shows(0, Tri::kYes, Tri::kYes); }

inline std::string refusal_at(const WeighingMachine& machine, std::int64_t at, bool override_it = false) {
  const auto got = machine.capturable(at, override_it);
  return std::holds_alternative<Refusal>(got) ? std::string(to_text(std::get<Refusal>(got))) : "";
}
inline std::string state_at(const WeighingMachine& machine, std::int64_t at) {
  return std::string(to_text(machine.view(at).state));
}

inline WeightSample with(WeightSample sample, const std::function<void(WeightSample&)>& change) {
  change(sample);
  return sample;
}
inline WeightSample net(std::int64_t digits, std::optional<Weight> tare) {
  return with(shows(digits), [&](auto& s) { s.mode = WeightMode::kNet, s.tare = tare; });
}
inline WeightSample beyond(WeightRange range) {
  return with(shows(0), [&](auto& s) { s.value.reset(), s.range = range; });
}

/// A scale whose story is told by periods of one weight, a sample every 100 ms.
class Scale {
 public:
  explicit Scale(const WeighingRules& rules = truck_scale()) : machine_(rules) {}

  Scale& holds(const WeightSample& sample, std::int64_t ms) {
    for (const std::int64_t end = now_ + ms; now_ < end;) machine_.feed(sample, now_ += 100);
    return *this;
  }
  Scale& capture() {
    machine_.captured(now_);
    return *this;
  }
  std::string state() const { return state_at(machine_, now_); }
  std::string refusal(bool override_it = false) const { return refusal_at(machine_, now_, override_it); }
  Capturable capturable(bool override_it = false) const {
    const auto got = machine_.capturable(now_, override_it);
    EXPECT_TRUE(std::holds_alternative<Capturable>(got));
    return std::holds_alternative<Capturable>(got) ? std::get<Capturable>(got) : Capturable{};
  }
  std::int64_t now() const { return now_; }
  WeighingMachine& machine() { return machine_; }

 private:
  WeighingMachine machine_;
  std::int64_t now_ = 0;
};

}  // namespace edge
