#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/scale/cut_decoder.h"

/// What A&D, Dini Argeo and CAS have in common: lines of ASCII that begin "ST,GS". They carry no checksum, so a line
/// is read only where every character of it has its place; a number is never looked for.
namespace edge::scale {

/// One line without its end. Errors: kMalformed, kUnsupported.
using ReadLine = Result<WeightSample> (*)(std::string_view line);

/// Cuts at CR LF or at a lone CR, whichever the indicator sends (a lone CR is learnt from the first line, so that a
/// later one need not wait for the next byte). Lines of more than kLongestLine bytes are given up.
class LineDecoder final : public CutDecoder {
 public:
  static constexpr std::size_t kLongestLine = 80;
  explicit LineDecoder(ReadLine read) : read_(read) {}

 private:
  enum class Ending { kUnknown, kCr, kCrLf };
  std::optional<Cut> next(std::string_view pending) override;
  Error half(std::string_view pending) override;

  const ReadLine read_;
  Ending ending_ = Ending::kUnknown;
};

/// Status (ST US OL UL LO HD) and mode (GS NT; others are no weight on the scale and refused) as a sample without
/// value and unit. Errors: kMalformed, kUnsupported.
Result<WeightSample> read_head(std::string_view status, std::string_view mode);

/// Number and unit into `head`. Out of range the digits may be blanks, nines or dashes and are not used. Errors:
/// kMalformed, kUnsupported (no unit of mass).
Result<WeightSample> read_weight(WeightSample head, std::string_view number, std::string_view unit);

/// Blanks, sign, blanks, digits, at most one point or comma between digits; nothing else.
std::optional<Weight> read_number(std::string_view field);

/// "malformed": the line as it came, and what would be right.
tl::unexpected<Error> wrong_line(std::string_view line, std::string_view right);

/// "ST" "US" "OL" and "GS" "NT".
std::string_view status_text(const Shown& shown);
std::string_view mode_text(const Shown& shown);
/// The value right-justified in `width`, blank where it is over range. Errors: kOutOfRange.
Result<std::string> number_text(const Shown& shown, std::size_t width);
/// Two characters: "kg" "lb" " g" " t". Errors: kUnsupported.
Result<std::string> unit_text(const Shown& shown);

}  // namespace edge::scale
