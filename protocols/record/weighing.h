#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocols/record/weight.h"

namespace edge {

/// States of a scale (design.md §8, domain.md §5). kUnknown: no usable weight yet or now (silence, a damaged frame, out
/// of range, another unit). kLoading: a load that moves, or nearly zero and not yet found empty. kLeaving: a captured
/// load has changed by more than spread_e × e; ends when the scale is empty.
enum class ScaleState : std::uint8_t { kUnknown, kEmpty, kLoading, kSettled, kCaptured, kLeaving };
std::string_view to_text(ScaleState state);  // "unknown" "empty" "loading" "settled" "captured" "leaving"

/// How one scale is judged. Times in ms of the monotonic clock.
struct WeighingRules {
  std::string unit;               ///< of e, max, min and of a frame that carries none; empty = the frame's
  Weight e;                       ///< verification interval, > 0, in `unit`
  std::optional<Weight> max;      ///< capacity; nothing = not checked
  std::optional<Weight> min;      ///< smallest load; nothing = 20 e
  int spread_e = 3;               ///< widest max - min over the window, in e (Canada W&M, vehicle scales)
  std::int64_t window_ms = 1000;  ///< how long the weight must hold
  std::int64_t zero_ms = 2000;    ///< how long |gross| <= 1 e must hold where the frame does not say "zero"
  std::int64_t stale_ms = 1500;   ///< silence after which the last value is worth nothing
};

/// Why a weight is not captured now; of several the first. See may_override().
enum class Refusal : std::uint8_t {
  kNoSignal,         ///< nothing was ever received
  kStale,            ///< the line is silent
  kBadFrame,         ///< the newest frame was damaged
  kIndicatorError,   ///< the indicator reports a fault
  kOutOfRange,       ///< over or under range, or no digits
  kNoUnit,           ///< neither frame nor configuration name a unit, not one of mass, or the frame's is another one
  kNetWithoutTare,   ///< a net weight whose tare the frame does not carry
  kPresetTare,       ///< net, and the tare was keyed in, not weighed
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
  std::int64_t stable_ms = 0;     ///< how long it has been still, newest sample included
  Weight spread;                  ///< max - min over that time, in `unit`
  std::optional<std::int64_t> zero_seen_ago_ms;
  std::vector<Refusal> overridden;  ///< everything a person took upon himself; mostly empty
};

/// What a person sees of a scale now.
struct ScaleView {
  ScaleState state = ScaleState::kUnknown;
  std::optional<WeightSample> sample;  ///< nothing once it is stale: the last value must not survive
  std::optional<Weight> gross;
  std::string unit;
  std::optional<Refusal> refusal;         ///< why a capture would be refused; nothing = it would be taken
  std::optional<std::int64_t> silent_ms;  ///< since the newest frame; nothing = none ever
};

/// The state machine EMPTY → LOADING → SETTLED → CAPTURED → LEAVING → EMPTY of one scale. Pure: all times are given and
/// must not go back.
///
/// Stable needs the indicator's flag AND spread <= spread_e × e over window_ms; without a flag the spread alone decides
/// and the stability is Inferred. The window is thrown away by a damaged frame, silence, motion, another unit or mode,
/// a change of sign or a weight out of range. Time is counted, not frames: a window needs samples at most stale_ms
/// apart.
///
/// Empty needs |gross| <= 1 e. A zero flag then says so at once, unless the frame says motion. A frame without the flag
/// must stay there for zero_ms; one that denies zero must show exactly 0 for zero_ms (a lamp that goes out at a quarter
/// of e), so a dirty platform has to be zeroed. Only zero seen after a capture lets the next load be captured.
class WeighingMachine {
 public:
  explicit WeighingMachine(WeighingRules rules);

  /// A sample with a bad checksum counts as damaged().
  void feed(const WeightSample& sample, std::int64_t mono_ms);
  /// A frame that could not be used (bad checksum, undecodable) or a link that broke.
  void damaged(std::int64_t mono_ms);

  ScaleView view(std::int64_t mono_ms) const;
  /// What would be captured at `mono_ms`, or why not. `override_it`: a person takes kNoZeroReturn, kBelowMin,
  /// kOverCapacity upon himself.
  std::variant<Capturable, Refusal> capturable(std::int64_t mono_ms, bool override_it = false) const;
  /// The capturable weight has been made durable: this load cannot be captured again. Has no effect where the scale has
  /// been empty after `mono_ms`: the load is gone.
  void captured(std::int64_t mono_ms);

  const WeighingRules& rules() const { return rules_; }

 private:
  /// What a frame means for the rules: a gross weight, or why there is none.
  struct Reading {
    std::optional<Refusal> fault;
    std::optional<Weight> gross;
    std::string unit;
  };
  /// A sample that is the highest or lowest of those after it.
  struct Extreme {
    std::uint64_t number = 0;  ///< order of arrival: several samples may come in one millisecond
    std::int64_t next_at = 0;  ///< time of the sample after it
    Weight gross;
  };

  Reading read(const WeightSample& sample) const;
  void follow_stillness(std::int64_t mono_ms);
  void add_to_window(const Weight& gross, std::int64_t mono_ms);
  void follow_zero(std::int64_t mono_ms);
  void follow_load();
  void forget_window();
  bool is_near_zero() const;
  bool is_settled() const;
  bool is_beyond_spread(const Weight& a, const Weight& b) const;
  std::optional<Refusal> refusal_without_override(std::int64_t mono_ms) const;
  std::vector<Refusal> refusals_with_override() const;
  ScaleState state() const;

  WeighingRules rules_;
  Weight spread_limit_, min_;
  std::optional<WeightSample> newest_;  ///< nothing after a damaged frame
  Reading reading_;                     ///< of newest_
  std::optional<std::int64_t> heard_at_;
  /// The longest run of samples up to the newest that is still: where it begins, and its extremes, falling and rising.
  std::optional<std::int64_t> still_since_;
  std::deque<Extreme> highest_, lowest_;
  std::uint64_t samples_ = 0;
  bool all_flagged_ = false;  ///< every sample of it carries the indicator's flag
  std::optional<std::int64_t> zero_since_, zero_seen_at_;
  bool empty_ = false;
  bool zero_since_capture_ = false;
  bool captured_ = false, leaving_ = false;
  std::optional<Weight> captured_gross_;
};

}  // namespace edge
