#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocols/record/weight.h"

namespace edge {

/// States of a scale (design.md §8, domain.md §5). kUnknown: no usable frame yet, or the line is silent.
enum class ScaleState : std::uint8_t { kUnknown, kEmpty, kLoading, kSettled, kCaptured, kLeaving };
std::string_view to_text(ScaleState state);  // "unknown" "empty" "loading" "settled" "captured" "leaving"

/// How one scale is judged. Times in ms of the monotonic clock.
struct WeighingRules {
  std::string unit;               ///< where the frame carries none; empty = then nothing is captured
  Weight e;                       ///< verification interval, > 0, in `unit`
  std::optional<Weight> max;      ///< capacity; nothing = not checked
  std::optional<Weight> min;      ///< smallest load; nothing = 20 e
  int spread_e = 3;               ///< widest max - min over the window, in e (Canada W&M, vehicle scales)
  std::int64_t window_ms = 1000;  ///< how long the weight must hold
  std::int64_t zero_ms = 2000;    ///< how long |gross| <= 1 e must hold where the frame has no zero flag
  std::int64_t stale_ms = 1500;   ///< silence after which the last value is worth nothing
};

/// Why a weight is not captured now. The first four of the second group may be overridden by a person with a reason.
enum class Refusal : std::uint8_t {
  kNoSignal,         ///< nothing was ever received
  kStale,            ///< the line is silent
  kBadFrame,         ///< the newest frame was damaged
  kIndicatorError,   ///< the indicator reports a fault
  kOutOfRange,       ///< over or under range, or no digits
  kNoUnit,           ///< neither frame nor configuration name a unit, or not one of mass
  kNetWithoutTare,   ///< a net weight whose tare the frame does not carry
  kPresetTare,       ///< the tare was keyed in, not weighed
  kInMotion,         ///< the indicator says motion
  kNotSettled,       ///< not still for long enough, or moves more than the rules allow
  kAlreadyCaptured,  ///< this load has been captured
  kNoZeroReturn,     ///< the scale has not been empty since the last capture or the start
  kBelowMin,
  kOverCapacity,
};
/// Code of wire and log: "no_signal" "stale" "bad_frame" "indicator_error" "out_of_range" "no_unit" "net_without_tare"
/// "preset_tare" "in_motion" "not_settled" "already_captured" "no_zero_return" "below_min" "over_capacity".
std::string_view to_text(Refusal refusal);
/// One sentence for the operator.
std::string_view sentence(Refusal refusal);
/// True for kNoZeroReturn, kBelowMin, kOverCapacity: law 3 lets nobody capture a stale, damaged or unstable weight.
bool may_override(Refusal refusal);

/// A weight that may be captured: gross, in `unit`.
struct Capturable {
  WeightSample sample;  ///< the newest frame, as received
  Weight gross;         ///< value, or value + tare where the frame shows net
  std::string unit;
  Weight e;
  Tri stability = Tri::kUnknown;  ///< kYes: the indicator's flag and the spread; kUnknown: inferred from the spread
  std::int64_t stable_ms = 0;     ///< how long it has been still
  Weight spread;                  ///< max - min over that time
  std::optional<std::int64_t> zero_seen_ago_ms;
  std::optional<Refusal> overridden;
};

/// What a person sees of a scale now.
struct ScaleView {
  ScaleState state = ScaleState::kUnknown;
  std::optional<WeightSample> sample;  ///< nothing once it is stale: the last value must not survive
  std::optional<Weight> gross;
  std::string unit;
  std::optional<Refusal> refusal;  ///< why a capture would be refused; nothing = it would be taken
  std::optional<std::int64_t> silent_ms;  ///< since the newest frame; nothing = none ever
};

/// The state machine EMPTY → LOADING → SETTLED → CAPTURED → LEAVING → EMPTY of one scale. Pure: all times are given.
///
/// Stable needs the indicator's flag AND spread <= spread_e × e over window_ms; without a flag the spread alone decides
/// and the stability is Inferred. The window is thrown away by a damaged frame, silence, motion, another unit or mode,
/// a change of sign or a weight out of range. Time is counted, not frames: a window needs samples at most stale_ms
/// apart.
class WeighingMachine {
 public:
  explicit WeighingMachine(WeighingRules rules);

  void feed(const WeightSample& sample, std::int64_t mono_ms);
  /// A frame that could not be used (bad checksum, undecodable) or a link that broke.
  void damaged(std::int64_t mono_ms);

  ScaleView view(std::int64_t mono_ms) const;
  /// What would be captured at `mono_ms`, or why not. `override_it`: a person takes kNoZeroReturn, kBelowMin,
  /// kOverCapacity upon himself.
  std::variant<Capturable, Refusal> capturable(std::int64_t mono_ms, bool override_it = false) const;
  /// The capturable weight has been made durable: this load cannot be captured again.
  void captured(std::int64_t mono_ms);

  const WeighingRules& rules() const { return rules_; }

 private:
  struct Point {
    std::int64_t at = 0;
    Weight gross;
  };
  WeighingRules rules_;
  ScaleState state_ = ScaleState::kUnknown;
  std::optional<WeightSample> newest_;
  std::int64_t newest_at_ = 0;
  bool damaged_ = false;
  std::deque<Point> window_;
  std::optional<std::int64_t> still_since_, zero_since_, zero_seen_at_;
  bool zero_since_capture_ = false;
  bool load_captured_ = false;
};

}  // namespace edge
