#include "protocols/scale/st_gs_line.h"

#include <algorithm>
#include <utility>

#include "protocols/bytes.h"

namespace edge::scale {
namespace {

/// A line with its end, quoted for a technician.
std::string quoted(std::string_view line) { return "\"" + for_log(line, 48) + "\""; }

std::string_view without_end(std::string_view raw) {
  while (!raw.empty() && (raw.back() == '\r' || raw.back() == '\n')) raw.remove_suffix(1);
  return raw;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What may stand in the place of a number that is not shown.
bool is_blanked(std::string_view field) {
  return std::all_of(field.begin(), field.end(),
                     [](char c) { return is_digit(c) || std::string_view(" .,+-").find(c) != std::string_view::npos; });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<CutDecoder::Cut> LineDecoder::next(std::string_view pending) {
  if (pending[0] == '\n') {
    ending_ = Ending::kCrLf;
    return Cut{1, fail(Errc::kMalformed, "a line feed without its carriage return")};
  }
  const auto cr = pending.find('\r');
  if (cr == std::string_view::npos) {
    if (pending.size() < kLongestLine) return std::nullopt;
    return Cut{pending.size(), fail(Errc::kMalformed, "no carriage return within " + std::to_string(kLongestLine) +
                                                          " bytes: " + quoted(pending))};
  }
  const std::size_t end = cr + 1;
  if (end == pending.size() && ending_ != Ending::kCr) return std::nullopt;
  const bool feed = end < pending.size() && pending[end] == '\n';
  if (end < pending.size()) ending_ = feed ? Ending::kCrLf : Ending::kCr;
  return Cut{feed ? end + 1 : end, read_(pending.substr(0, cr))};
}

Error LineDecoder::half(std::string_view pending) {
  // A whole line that waited for its line feed: too old to be a weight now, but the next one will be in time.
  if (pending.back() == '\r') ending_ = Ending::kCr;
  return {Errc::kMalformed, "half a line, then silence: " + quoted(without_end(pending))};
}

tl::unexpected<Error> wrong_line(std::string_view line, std::string_view right) {
  std::string text = quoted(line) + " is not " + std::string(right);
  const bool high = std::any_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (high) text += "; bytes above 7F: check data bits and parity";
  return fail(Errc::kMalformed, std::move(text));
}

Result<WeightSample> read_head(std::string_view status, std::string_view mode) {
  WeightSample head;
  if (status == "ST") {
    head.stable = Tri::kYes;
  } else if (status == "US") {
    head.stable = Tri::kNo;
  } else if (status == "OL") {
    head.range = WeightRange::kOver;
  } else if (status == "UL") {
    head.range = WeightRange::kUnder;
  } else if (status == "LO") {
    head.range = WeightRange::kOut;
  } else if (status == "HD") {
    head.range = WeightRange::kError;
    head.fault = "the display is held";
  } else {
    return fail(Errc::kMalformed, "status " + quoted(status) + " is none of ST, US, OL, UL, LO, HD");
  }
  if (mode == "GS") {
    head.mode = WeightMode::kGross;
  } else if (mode == "NT") {
    head.mode = WeightMode::kNet;
  } else if (mode == "TR" || mode == "PT") {
    return fail(Errc::kUnsupported, "mode " + std::string(mode) + " is a tare, not what is on the scale");
  } else if (mode == "VL" || mode == "RZ") {
    return fail(Errc::kUnsupported, "mode " + std::string(mode) + " is a raw converter value, not a weight");
  } else {
    return fail(Errc::kMalformed, "mode " + quoted(mode) + " is neither GS nor NT");
  }
  return head;
}

std::optional<Weight> read_number(std::string_view field) {
  while (field.starts_with(' ')) field.remove_prefix(1);
  const bool negative = field.starts_with('-');
  if (negative || field.starts_with('+')) field.remove_prefix(1);
  while (field.starts_with(' ')) field.remove_prefix(1);
  const auto point = field.find_first_of(".,");
  if (field.empty() || field.size() > 12 || point == 0 || point == field.size() - 1) return std::nullopt;
  Weight weight;
  for (std::size_t at = 0; at < field.size(); ++at) {
    if (at == point) continue;
    if (!is_digit(field[at])) return std::nullopt;
    weight.digits = weight.digits * 10 + (field[at] - '0');
    if (at > point) --weight.exponent;
  }
  if (negative) weight.digits = -weight.digits;
  return weight.exponent < -9 ? std::nullopt : std::optional(weight);
}

Result<WeightSample> read_weight(WeightSample head, std::string_view number, std::string_view unit) {
  const auto written = trimmed(unit);
  const auto known = mass_unit(written);
  const bool shown = head.range == WeightRange::kIn;
  if (known) {
    head.unit = *known;
  } else if (shown || !written.empty()) {
    return fail(Errc::kUnsupported, "unit " + quoted(unit) + " is none of kg, g, t, lb");
  }
  if (shown) {
    head.value = read_number(number);
    if (!head.value) return fail(Errc::kMalformed, quoted(number) + " is no number");
  } else if (!is_blanked(number)) {
    return fail(Errc::kMalformed, quoted(number) + " in the place of a number");
  }
  return head;
}

std::string_view status_text(const Shown& shown) { return shown.over ? "OL" : shown.stable ? "ST" : "US"; }

std::string_view mode_text(const Shown& shown) { return shown.net ? "NT" : "GS"; }

Result<std::string> number_text(const Shown& shown, std::size_t width) {
  if (shown.over) return std::string(width, ' ');
  const std::string text = to_text(shown.value);
  if (text.size() > width) {
    return fail(Errc::kOutOfRange, text + " does not fit into " + std::to_string(width) + " characters");
  }
  return std::string(width - text.size(), ' ') + text;
}

Result<std::string> unit_text(const Shown& shown) {
  const auto unit = mass_unit(shown.unit);
  if (!unit) return fail(Errc::kUnsupported, "no unit of mass");
  return std::string(2 - unit->size(), ' ') + std::string(*unit);
}

}  // namespace edge::scale
