// Any stream of samples: what may be captured has been still, in range and without motion for the whole window.
#include "check.h"
#include "protocols/record/weighing.h"

namespace {

using namespace edge;

/// Takes numbers off the input; zeros once it is used up.
class Bytes {
 public:
  Bytes(const std::uint8_t* at, std::size_t size) : at_(at), left_(size) {}
  unsigned next() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  std::int64_t wide() {
    std::int64_t value = 0;
    for (int i = 0; i < 8; ++i) value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 8U | next());
    return value;
  }
  bool done() const { return left_ == 0; }

 private:
  const std::uint8_t* at_;
  std::size_t left_;
};

WeightSample sample_from(Bytes& bytes) {
  WeightSample sample;
  const unsigned kind = bytes.next();
  const auto digits = (kind & 128U) != 0 ? bytes.wide() : static_cast<std::int64_t>(bytes.next()) * 20 - 100;
  sample.value = Weight{digits, (kind & 64U) != 0 ? static_cast<int>(bytes.next()) - 128 : 0};
  sample.unit = (kind & 32U) != 0 ? "lb" : "kg";
  sample.stable = static_cast<Tri>(kind % 3);
  sample.zero = static_cast<Tri>(bytes.next() % 3);
  const unsigned form = bytes.next();
  if (form % 16 == 1) sample.value.reset();
  if (form % 16 == 2) sample.range = static_cast<WeightRange>(form / 16 % 5);
  if (form % 16 == 3) sample.mode = WeightMode::kNet;
  if (form % 16 == 4) sample.mode = WeightMode::kNet, sample.tare = Weight{static_cast<std::int64_t>(form) * 20, 0};
  if (form % 16 == 5) sample.checksum = ChecksumState::kBad;
  return sample;
}

void check_capturable(const Capturable& weight, const WeighingRules& rules) {
  check(weight.stable_ms >= rules.window_ms, "still for the window");
  check(compare(weight.spread, *times(rules.e, rules.spread_e)) <= 0, "within the spread");
  check(weight.sample.stable != Tri::kNo && weight.sample.range == WeightRange::kIn, "no motion, in range");
  check(!to_text(weight.gross).empty() && weight.unit == "kg", "a weight in the scale's unit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  WeighingRules rules;
  rules.unit = "kg", rules.e = Weight{20, 0}, rules.max = Weight{60000, 0};
  WeighingMachine machine(rules);
  std::int64_t now = 0;
  bool zero_since_capture = false;
  while (!bytes.done()) {
    const unsigned step = bytes.next();
    now += static_cast<std::int64_t>(step % 64) * 32;
    if (step >= 250) {
      machine.damaged(now);
    } else {
      machine.feed(sample_from(bytes), now);
    }
    const ScaleView view = machine.view(now);
    zero_since_capture = zero_since_capture || view.state == ScaleState::kEmpty;
    check(!view.gross || view.sample, "no weight without its frame");
    for (const bool override_it : {false, true}) {
      const auto got = machine.capturable(now, override_it);
      const auto* const weight = std::get_if<Capturable>(&got);
      if (!override_it) check((weight == nullptr) == view.refusal.has_value(), "the view says the same");
      if (weight == nullptr) continue;
      check_capturable(*weight, rules);
      check(!weight->overridden.empty() || zero_since_capture, "zero was seen before");
      if (step % 5 != 0) continue;
      machine.captured(now);
      zero_since_capture = false;
      check(std::holds_alternative<Refusal>(machine.capturable(now, true)), "a load is captured once");
    }
    check(!machine.view(now + rules.stale_ms + 1).sample, "nothing is left of a silent line");
  }
  return 0;
}
