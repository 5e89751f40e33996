#include "protocols/record/weighing.h"

#include <algorithm>
#include <utility>

namespace edge {
namespace {

constexpr std::int64_t kMinInE = 20;  // class III, OIML R76
/// No display has so many steps within the spread: a stream that does is thrown away rather than kept.
constexpr std::size_t kExtremesLimit = 10'000;

/// The mode does not say net: what the frame shows is the gross.
bool shows_gross(const WeightSample& sample) { return sample.mode != WeightMode::kNet; }

}  // namespace

WeighingMachine::WeighingMachine(WeighingRules rules)
    : rules_(std::move(rules)),
      spread_limit_(magnitude(times(rules_.e, rules_.spread_e).value_or(Weight{}))),
      min_(rules_.min ? *rules_.min : times(rules_.e, kMinInE).value_or(rules_.e)) {}

void WeighingMachine::feed(const WeightSample& sample, std::int64_t mono_ms) {
  if (sample.checksum == ChecksumState::kBad) return damaged(mono_ms);
  Reading reading = read(sample);
  const bool is_same_stream = newest_ && newest_->mode == sample.mode && reading_.unit == reading.unit && heard_at_ &&
                              mono_ms >= *heard_at_ && mono_ms - *heard_at_ <= rules_.stale_ms;
  if (!is_same_stream || reading.fault) {
    forget_window();
    zero_since_.reset();
  }
  newest_ = sample;
  reading_ = std::move(reading);
  heard_at_ = mono_ms;
  follow_stillness(mono_ms);
  follow_zero(mono_ms);
  follow_load();
}

void WeighingMachine::damaged(std::int64_t mono_ms) {
  heard_at_ = mono_ms;
  newest_.reset();
  reading_ = {};
  forget_window();
  zero_since_.reset();
  empty_ = false;
}

WeighingMachine::Reading WeighingMachine::read(const WeightSample& sample) const {
  Reading reading;
  const auto own = mass_unit(rules_.unit);
  const auto unit = sample.unit.empty() ? own : mass_unit(sample.unit);
  if (unit) reading.unit = *unit;
  if (sample.range == WeightRange::kError) {
    reading.fault = Refusal::kIndicatorError;
  } else if (sample.range != WeightRange::kIn || !sample.value) {
    reading.fault = Refusal::kOutOfRange;
  } else if (!unit || (own && *own != *unit)) {
    reading.fault = Refusal::kNoUnit;
  } else if (!shows_gross(sample) && !sample.tare) {
    reading.fault = Refusal::kNetWithoutTare;
  } else {
    const Weight value = *sample.value;
    reading.gross = add(value, shows_gross(sample) ? Weight{0, value.exponent} : *sample.tare);
    if (!reading.gross) reading.fault = Refusal::kOutOfRange;  // more digits than a Weight may have
  }
  return reading;
}

void WeighingMachine::follow_stillness(std::int64_t mono_ms) {
  if (!reading_.gross) return;  // the window is gone already
  if (newest_->stable == Tri::kNo) return forget_window();
  const bool is_negative = reading_.gross->digits < 0;
  if (!highest_.empty() && (highest_.back().gross.digits < 0) != is_negative) forget_window();
  if (!still_since_) {
    still_since_ = mono_ms;
    all_flagged_ = true;
  }
  if (newest_->stable != Tri::kYes) all_flagged_ = false;
  add_to_window(*reading_.gross, mono_ms);
}

/// The newest sample stands at the back of both queues; before it only what is higher, or lower, than all after it.
void WeighingMachine::add_to_window(const Weight& gross, std::int64_t mono_ms) {
  for (auto* extremes : {&highest_, &lowest_}) {
    if (!extremes->empty()) extremes->back().next_at = mono_ms;
  }
  while (!highest_.empty() && compare(highest_.back().gross, gross) <= 0) highest_.pop_back();
  while (!lowest_.empty() && compare(lowest_.back().gross, gross) >= 0) lowest_.pop_back();
  ++samples_;
  highest_.push_back({samples_, mono_ms, gross});
  lowest_.push_back({samples_, mono_ms, gross});
  while (is_beyond_spread(highest_.front().gross, lowest_.front().gross)) {
    auto& older = highest_.front().number < lowest_.front().number ? highest_ : lowest_;
    still_since_ = older.front().next_at;
    older.pop_front();
  }
  if (highest_.size() + lowest_.size() > kExtremesLimit) forget_window();
}

void WeighingMachine::forget_window() {
  still_since_.reset();
  highest_.clear();
  lowest_.clear();
}

void WeighingMachine::follow_zero(std::int64_t mono_ms) {
  if (!is_near_zero()) {
    zero_since_.reset();
    empty_ = false;
    return;
  }
  const bool denied = newest_->zero == Tri::kNo && reading_.gross->digits != 0;
  if (newest_->stable == Tri::kNo || denied) return zero_since_.reset();
  if (!zero_since_) zero_since_ = mono_ms;
  if (newest_->zero != Tri::kYes && mono_ms - *zero_since_ < rules_.zero_ms) return;
  empty_ = true;
  zero_seen_at_ = mono_ms;
  zero_since_capture_ = true;
  captured_ = leaving_ = false;
}

/// A captured load that has changed is another one, or on its way down.
void WeighingMachine::follow_load() {
  if (!captured_ || !reading_.gross) return;
  if (!captured_gross_) captured_gross_ = reading_.gross;
  if (!is_beyond_spread(*reading_.gross, *captured_gross_)) return;
  captured_ = false;
  leaving_ = true;
}

bool WeighingMachine::is_near_zero() const {
  return reading_.gross && compare(magnitude(*reading_.gross), rules_.e) <= 0;
}

bool WeighingMachine::is_settled() const {
  return still_since_ && heard_at_ && *heard_at_ - *still_since_ >= rules_.window_ms;
}

bool WeighingMachine::is_beyond_spread(const Weight& a, const Weight& b) const {
  const auto difference = subtract(a, b);
  return !difference || compare(magnitude(*difference), spread_limit_) > 0;
}

void WeighingMachine::captured(std::int64_t mono_ms) {
  if (zero_seen_at_ && *zero_seen_at_ > mono_ms) return;
  captured_ = true;
  leaving_ = false;
  zero_since_capture_ = false;
  captured_gross_ = reading_.gross;
}

std::optional<Refusal> WeighingMachine::refusal_without_override(std::int64_t mono_ms) const {
  if (!heard_at_) return Refusal::kNoSignal;
  if (mono_ms - *heard_at_ > rules_.stale_ms) return Refusal::kStale;
  if (!newest_) return Refusal::kBadFrame;
  if (reading_.fault) return reading_.fault;
  if (!shows_gross(*newest_) && newest_->preset_tare == Tri::kYes) return Refusal::kPresetTare;
  if (newest_->stable == Tri::kNo) return Refusal::kInMotion;
  if (!is_settled()) return Refusal::kNotSettled;
  if (captured_) return Refusal::kAlreadyCaptured;
  return std::nullopt;
}

std::vector<Refusal> WeighingMachine::refusals_with_override() const {
  std::vector<Refusal> refusals;
  if (!zero_since_capture_) refusals.push_back(Refusal::kNoZeroReturn);
  if (compare(*reading_.gross, min_) < 0) refusals.push_back(Refusal::kBelowMin);
  if (rules_.max && compare(*reading_.gross, *rules_.max) > 0) refusals.push_back(Refusal::kOverCapacity);
  return refusals;
}

std::variant<Capturable, Refusal> WeighingMachine::capturable(std::int64_t mono_ms, bool override_it) const {
  if (const auto refusal = refusal_without_override(mono_ms)) return *refusal;
  auto refusals = refusals_with_override();
  if (!refusals.empty() && !override_it) return refusals.front();
  Capturable weight;
  weight.sample = *newest_;
  weight.gross = *reading_.gross;
  weight.unit = reading_.unit;
  weight.e = rules_.e;
  weight.stability = all_flagged_ ? Tri::kYes : Tri::kUnknown;
  weight.stable_ms = *heard_at_ - *still_since_;
  weight.spread = subtract(highest_.front().gross, lowest_.front().gross).value_or(Weight{});
  if (zero_seen_at_) weight.zero_seen_ago_ms = std::max<std::int64_t>(mono_ms - *zero_seen_at_, 0);
  weight.overridden = std::move(refusals);
  return weight;
}

ScaleState WeighingMachine::state() const {
  if (!reading_.gross) return ScaleState::kUnknown;
  if (empty_) return ScaleState::kEmpty;
  if (captured_) return ScaleState::kCaptured;
  if (leaving_) return ScaleState::kLeaving;
  return is_settled() ? ScaleState::kSettled : ScaleState::kLoading;
}

ScaleView WeighingMachine::view(std::int64_t mono_ms) const {
  ScaleView view;
  view.refusal = refusal_without_override(mono_ms);
  if (heard_at_) view.silent_ms = std::max<std::int64_t>(mono_ms - *heard_at_, 0);
  if (!newest_ || view.refusal == Refusal::kStale) return view;
  view.state = state();
  view.sample = newest_;
  view.gross = reading_.gross;
  view.unit = reading_.unit;
  if (view.refusal) return view;
  if (const auto refusals = refusals_with_override(); !refusals.empty()) view.refusal = refusals.front();
  return view;
}

std::string_view to_text(ScaleState state) {
  switch (state) {
    case ScaleState::kUnknown:
      return "unknown";
    case ScaleState::kEmpty:
      return "empty";
    case ScaleState::kLoading:
      return "loading";
    case ScaleState::kSettled:
      return "settled";
    case ScaleState::kCaptured:
      return "captured";
    case ScaleState::kLeaving:
      return "leaving";
  }
  return "unknown";
}

}  // namespace edge
