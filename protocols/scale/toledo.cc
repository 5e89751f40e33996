#include "protocols/scale/toledo.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "protocols/bytes.h"
#include "protocols/scale/cut_decoder.h"
#include "protocols/scale/families.h"

// Mettler-Toledo continuous ("8142/8530"), also sent by Rice Lake, Cardinal, Kern and others:
//   STX SWA SWB SWC W1..W6 [T1..T6] CR [CHK]
// STX and length make the frame, never CR: CHK itself may be 02, 0A or 0D. The status bytes: Rice Lake 480 manual p.57;
// the checksum: Mettler-Toledo Wildcat manual p.40; the short form: Cardinal 225 manual, formats 1 and 3.
namespace edge::scale {
namespace {

constexpr char kStx = 0x02;
constexpr char kCr = 0x0D;
/// Bytes without an STX are given up in runs of at most this many.
constexpr std::size_t kLongestGarbage = 64;

constexpr unsigned kSwaFixed = 0x60, kSwaRight = 0x20, kSwaClone = 0x40;  // bits 5 and 6
enum Swb : unsigned {
  kNet = 0x01,
  kNegative = 0x02,
  kOut = 0x04,
  kMotion = 0x08,
  kKg = 0x10,
  kOne = 0x20,
  kNoZero = 0x40
};
enum Swc : unsigned { kUnitCode = 0x07, kExpanded = 0x10 };

unsigned low7(char byte) { return static_cast<unsigned char>(byte) & 0x7FU; }

std::string hex(char byte) { return to_hex(std::string_view(&byte, 1)); }

/// The byte that makes the low 7 bits of the sum of the whole frame 0.
unsigned checksum_of(std::string_view before) {
  unsigned sum = 0;
  for (const char byte : before) sum += low7(byte);
  return (0x80U - (sum & 0x7FU)) & 0x7FU;
}

/// Bit 7 of a 7-bit line read as 8 bits is its parity: the same kind in every byte, or the frame is damaged.
bool parity_fits(std::string_view raw) {
  bool even = true, odd = true, space = true, mark = true;
  for (const char byte : raw) {
    const bool is_odd = std::popcount(static_cast<unsigned char>(byte)) % 2 == 1;
    const bool bit7 = (static_cast<unsigned char>(byte) & 0x80U) != 0;
    (is_odd ? even : odd) = false;
    (bit7 ? space : mark) = false;
  }
  return even || odd || space || mark;
}

/// Six digits whose leading zeros may be blanks; nothing = all blank. Errors: kMalformed.
Result<std::optional<std::int64_t>> read_digits(std::string_view field, std::string_view what) {
  std::int64_t digits = 0;
  bool seen = false;
  for (const char byte : field) {
    const unsigned c = low7(byte);
    if (c == ' ' && !seen) continue;
    if (c < '0' || c > '9') {
      return fail(Errc::kMalformed, "byte " + hex(byte) + " among the digits of the " + std::string(what));
    }
    digits = digits * 10 + static_cast<std::int64_t>(c - '0');
    seen = true;
  }
  return seen ? std::optional(digits) : std::nullopt;
}

struct Status {
  unsigned a = 0, b = 0, c = 0;
  bool has(Swb bit) const { return (b & bit) != 0; }
  int exponent() const { return 2 - static_cast<int>(a & 0x07U); }
};

/// Errors: kMalformed (bits that are fixed), kUnsupported (a variant whose weight could be misread).
Result<Status> read_status(std::string_view raw) {
  const Status status{low7(raw[1]), low7(raw[2]), low7(raw[3])};
  if ((status.a & kSwaFixed) == kSwaClone) {
    return fail(Errc::kUnsupported,
                "status byte A " + hex(raw[1]) +
                    " is that of the Liden variant, which says the unit elsewhere: not read as Toledo");
  }
  if ((status.a & kSwaFixed) != kSwaRight) return fail(Errc::kMalformed, "status byte A is " + hex(raw[1]));
  if (!status.has(kOne)) return fail(Errc::kMalformed, "status byte B is " + hex(raw[2]));
  if ((status.c & kSwaFixed) != kSwaRight) return fail(Errc::kMalformed, "status byte C is " + hex(raw[3]));
  if ((status.c & kExpanded) != 0) {
    return fail(Errc::kUnsupported, "the display is expanded (x10): switch it back to normal");
  }
  return status;
}

Result<std::string> read_unit(const Status& status) {
  switch (status.c & kUnitCode) {
    case 0:
      return status.has(kKg) ? "kg" : "lb";
    case 1:
      return "g";
    case 2:
      return "t";
    default:
      return fail(Errc::kUnsupported, "unit code " + std::to_string(status.c & kUnitCode) + " is not kg, lb, g or t");
  }
}

/// The display step; nothing where the increment code is 00, which the manuals do not define.
std::optional<Weight> read_step(const Status& status) {
  static constexpr std::array<int, 4> kSteps{0, 1, 2, 5};
  const int step = kSteps[(status.a >> 3U) & 0x03U];
  return step == 0 ? std::nullopt : std::optional(Weight{step, status.exponent()});
}

/// No bit says centre of zero: zero digits without motion do (domain: reader rules). Of anything else nothing is said,
/// so that a platform one step off zero is empty once it is still.
Tri zero_of(const WeightSample& sample) {
  if (sample.mode != WeightMode::kGross || !sample.value) return Tri::kUnknown;
  return sample.value->digits == 0 && sample.stable == Tri::kYes ? Tri::kYes : Tri::kUnknown;
}

Result<void> read_weights(std::string_view raw, const Status& status, const ToledoForm& form, WeightSample& sample) {
  const auto weight = read_digits(raw.substr(4, 6), "weight");
  if (!weight) return tl::unexpected(weight.error());
  if (form.tare) {
    const auto tare = read_digits(raw.substr(10, 6), "tare");
    if (!tare) return tl::unexpected(tare.error());
    if (*tare) sample.tare = Weight{**tare, status.exponent()};
  }
  if (status.has(kNoZero)) {
    sample.range = WeightRange::kError;
    sample.fault = "not yet zeroed after power-up";
  } else if (status.has(kOut)) {
    sample.range = WeightRange::kOut;
  } else if (!*weight) {
    return fail(Errc::kMalformed, "six blanks for a weight that is not out of range");
  } else {
    sample.value = Weight{status.has(kNegative) ? -**weight : **weight, status.exponent()};
  }
  return {};
}

Result<WeightSample> read_checked(std::string_view raw, const ToledoForm& form) {
  const auto status = read_status(raw);
  if (!status) return tl::unexpected(status.error());
  const auto unit = read_unit(*status);
  if (!unit) return tl::unexpected(unit.error());
  WeightSample sample;
  sample.unit = *unit;
  sample.mode = status->has(kNet) ? WeightMode::kNet : WeightMode::kGross;
  sample.stable = status->has(kMotion) ? Tri::kNo : Tri::kYes;
  sample.e = read_step(*status);
  sample.checksum = form.checksum ? ChecksumState::kOk : ChecksumState::kAbsent;
  const auto weights = read_weights(raw, *status, form, sample);
  if (!weights) return tl::unexpected(weights.error());
  sample.zero = zero_of(sample);
  return sample;
}

/// One frame of the form's length that begins with STX. Errors: kMalformed, kUnsupported.
Result<WeightSample> read_frame(std::string_view raw, const ToledoForm& form) {
  if (low7(raw[form.digits_end()]) != kCr) {
    return fail(Errc::kMalformed, "no carriage return at byte " + std::to_string(form.digits_end() + 1) +
                                      ": a cut frame, or another form of it (long, short)");
  }
  if (!parity_fits(raw)) return fail(Errc::kMalformed, "the parity bits do not fit: noise, or wrong line settings");
  if (form.checksum) {
    const unsigned want = checksum_of(raw.substr(0, form.digits_end() + 1));
    if (low7(raw.back()) != want) {
      return fail(Errc::kMalformed, "checksum " + hex(raw.back()) + ", must be " + hex(static_cast<char>(want)) +
                                        (low7(raw.back()) == kStx ? ": does the indicator send none?" : ""));
    }
  }
  return read_checked(raw, form);
}

class ToledoDecoder final : public CutDecoder {
 public:
  explicit ToledoDecoder(ToledoForm form) : form_(form) {}

 private:
  std::optional<Cut> next(std::string_view pending) override {
    const std::size_t start = find_stx(pending, 0);
    if (start > 0) {
      if (start == pending.size() && start < kLongestGarbage) return std::nullopt;
      return Cut{start, fail(Errc::kMalformed, stray(start))};
    }
    if (pending.size() < form_.size()) return std::nullopt;
    auto sample = read_frame(pending, form_);
    // A bad frame may be one that was cut: begin again at the next STX within it.
    const std::size_t size = sample ? form_.size() : find_stx(pending, 1);
    return Cut{size, std::move(sample)};
  }

  Error half(std::string_view pending) override {
    if (low7(pending[0]) != kStx) return {Errc::kMalformed, stray(pending.size())};
    return {Errc::kMalformed, "half a frame: " + std::to_string(pending.size()) + " of " +
                                  std::to_string(form_.size()) + " bytes, then silence"};
  }

  /// The first STX at or after `from`, else the end.
  static std::size_t find_stx(std::string_view bytes, std::size_t from) {
    while (from < bytes.size() && low7(bytes[from]) != kStx) ++from;
    return from;
  }

  std::string stray(std::size_t count) const {
    std::string text = std::to_string(count) + (count == 1 ? " byte" : " bytes") + " outside of a frame (no STX)";
    if (count == 1 && !form_.checksum) text += ": does the indicator send a checksum?";
    return text;
  }

  const ToledoForm form_;
};

/// Status byte A for a display step of 1, 2 or 5 × 10^exponent. Errors: kOutOfRange.
Result<unsigned> status_a(const Weight& step) {
  const auto code = step.digits == 1 ? 1U : step.digits == 2 ? 2U : step.digits == 5 ? 3U : 0U;
  if (code == 0 || step.exponent > 2 || step.exponent < -5) {
    return fail(Errc::kOutOfRange, "a Toledo frame has no display step of " + to_text(step));
  }
  return 0x20U | code << 3U | static_cast<unsigned>(2 - step.exponent);
}

/// `weight` as six digits of 10^exponent, without its sign. Errors: kOutOfRange.
Result<std::string> six_digits(Weight weight, int exponent) {
  std::int64_t digits = weight.digits < 0 ? -weight.digits : weight.digits;
  for (; weight.exponent > exponent && digits <= 999'999; --weight.exponent) digits *= 10;
  for (; weight.exponent < exponent && digits % 10 == 0 && digits != 0; ++weight.exponent) digits /= 10;
  if (digits > 999'999 || (weight.exponent < exponent && digits != 0)) {
    return fail(Errc::kOutOfRange, to_text(weight) + " does not fit into six digits of this resolution");
  }
  std::string text = std::to_string(digits);
  return std::string(6 - text.size(), '0') + text;
}

Result<unsigned> status_c(std::string_view unit) {
  const auto known = mass_unit(unit);
  if (!known) return fail(Errc::kUnsupported, "a Toledo frame has no such unit");
  return *known == "g" ? 0x21U : *known == "t" ? 0x22U : 0x20U;
}

unsigned status_b(const Shown& shown) {
  return kOne | (shown.net ? kNet : 0U) | (shown.value.digits < 0 ? kNegative : 0U) | (shown.over ? kOut : 0U) |
         (shown.stable ? 0U : kMotion) | (mass_unit(shown.unit) == "lb" ? 0U : kKg);
}

Result<std::string> encode_form(const Shown& shown, const ToledoForm& form) {
  const Weight step = shown.e.value_or(Weight{1, shown.value.exponent});
  const auto a = status_a(step);
  if (!a) return tl::unexpected(a.error());
  const auto c = status_c(shown.unit);
  if (!c) return tl::unexpected(c.error());
  const auto weight = shown.over ? Result<std::string>(std::string(6, ' ')) : six_digits(shown.value, step.exponent);
  if (!weight) return weight;
  const auto tare = six_digits(shown.tare, step.exponent);
  if (!tare && form.tare) return tare;
  std::string frame{kStx, static_cast<char>(*a), static_cast<char>(status_b(shown)), static_cast<char>(*c)};
  frame += *weight;
  if (form.tare) frame += *tare;
  frame += kCr;
  if (form.checksum) frame += static_cast<char>(checksum_of(frame));
  return frame;
}

template <bool kTare, bool kChecksum>
constexpr Profile profile(std::string_view name, std::string_view title) {
  return {name,
          title,
          "9600 7E1",
          true,
          []() -> std::unique_ptr<Decoder> {
            return std::make_unique<ToledoDecoder>(ToledoForm{kTare, kChecksum});
          },
          toledo_examples<kTare, kChecksum>,
          [](const Shown& shown) {
            return encode_form(shown, {kTare, kChecksum});
          }};
}

}  // namespace

constinit const Profile kToledo = profile<true, true>("toledo", "Toledo continuous, with tare and checksum (18 bytes)");
constinit const Profile kToledoNoChecksum =
    profile<true, false>("toledo-no-checksum", "Toledo continuous, with tare, no checksum (17 bytes)");
constinit const Profile kToledoShort =
    profile<false, true>("toledo-short", "Toledo continuous, short, with checksum (12 bytes)");
constinit const Profile kToledoShortNoChecksum =
    profile<false, false>("toledo-short-no-checksum", "Toledo continuous, short, no checksum (11 bytes)");

}  // namespace edge::scale
