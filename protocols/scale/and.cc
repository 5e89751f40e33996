#include <array>
#include <string>

#include "protocols/scale/example_makers.h"
#include "protocols/scale/families.h"
#include "protocols/scale/st_gs_line.h"

// A&D and the indicators that copy it: "ST,GS,+0038440kg" CR LF.
//   status ',' mode ',' number(8) unit(2 or 3)      A&D AD-4402 manual p.82, General Measure M02, QHW
//   status ',' mode number(8) unit(3)               T-Scale NHB, which leaves the second comma out
// A short unit is padded in front where the field is 2 wide, behind where it is 3: "kg " that lost a byte is no "g ".
// Out of range the digits are blanks (the point may stay, and the field be up to ten wide) or nines: AD-4329A p.45.
// AD-4406 also says HD (hold) and writes the modes "G ", "N ", "T ".
namespace edge::scale {
namespace {

constexpr std::size_t kNumber = 8;
constexpr std::string_view kRight = "\"ST,GS,+0038440kg\"";

std::string_view long_mode(std::string_view mode) {
  if (mode == "G ") return "GS";
  if (mode == "N ") return "NT";
  if (mode == "T ") return "TR";
  return mode;
}

/// Padded as the width of its field wants it.
bool has_unit_form(std::string_view unit) { return unit.size() == 2 ? !unit.ends_with(' ') : !unit.starts_with(' '); }

/// What is left after number(8) is the unit; a line that shows no number may have a wider field.
Result<WeightSample> read_rest(WeightSample head, std::string_view line, std::string_view rest) {
  const bool exact = rest.size() == kNumber + 2 || rest.size() == kNumber + 3;
  if (exact && (head.range != WeightRange::kIn || has_unit_form(rest.substr(kNumber)))) {
    return read_weight(std::move(head), rest.substr(0, kNumber), rest.substr(kNumber));
  }
  if (head.range != WeightRange::kIn && rest.size() == kNumber + 4) {
    return read_weight(std::move(head), rest.substr(0, kNumber + 2), rest.substr(kNumber + 2));
  }
  return wrong_line(line, kRight);
}

Result<WeightSample> read_line(std::string_view line) {
  if (line.size() < 16 || line[2] != ',') return wrong_line(line, kRight);
  auto head = read_head(line.substr(0, 2), long_mode(line.substr(3, 2)));
  if (!head) return head;
  if (line[5] == ',') return read_rest(*std::move(head), line, line.substr(6));
  if (line.size() != 16 || !has_unit_form(line.substr(13))) return wrong_line(line, kRight);
  return read_weight(*std::move(head), line.substr(5, kNumber), line.substr(5 + kNumber));
}

Result<std::string> encode(const Shown& shown) {
  const auto unit = unit_text(shown);
  if (!unit) return unit;
  std::string number = "     .  ";
  if (!shown.over) {
    const auto digits = number_text(Shown{.value = magnitude(shown.value), .tare = {}}, kNumber - 1);
    if (!digits) return digits;
    number = (shown.value.digits < 0 ? "-" : "+") + *digits;
    for (char& c : number) c = c == ' ' ? '0' : c;
  }
  return std::string(status_text(shown)) + "," + std::string(mode_text(shown)) + "," + number + *unit + "\r\n";
}

constexpr std::array kExamples{
    shows("NetOfTheManual", "53542c4e542c2b303031322e33346b670d0a", "12.34", WeightMode::kNet),
    shows("Gross", "53542c47532c2b303033383434306b670d0a", "38440"),
    shows("Moving", "55532c47532c2b303033383432306b670d0a", "38420", WeightMode::kGross, Tri::kNo),
    shows_none("Overload", "4f4c2c47532c202020202020202e20206b670d0a", WeightRange::kOver),
    shows_none("OverloadInNines", "4f4c2c47532c2b393939393939396b670d0a", WeightRange::kOver),
    with_unit(shows_none("OverloadWithoutUnit", "4f4c2c47532c20202020202e202020200d0a", WeightRange::kOver), ""),
    shows_none("Ad4402OutOfRange", "4c4f2c47532c20202020202020206b670d0a", WeightRange::kOut),
    shows_none("Ad4406Hold", "48442c47532c2b303033383434306b670d0a", WeightRange::kError),
    shows("Ad4406ShortMode", "53542c47202c2b303033383434306b670d0a", "38440"),
    shows("Ad4406ShortNet", "53542c4e202c2b303032333836306b670d0a", "23860", WeightMode::kNet),
    shows("GeneralMeasure", "53542c47532c2b3031312e3132306b670d0a", "11.120"),
    with_unit(shows("Qhw", "53542c47532c2020203234352e3620670d0a", "245.6"), "g"),
    with_unit(shows("TScale", "53542c47532020202032302e376720200d0a", "20.7"), "g"),
    shows("Negative", "53542c47532c2d303030303032306b670d0a", "-20"),
    shows("MinusZero", "53542c47532c2d303030303030306b670d0a", "0"),
    shows("TenthStep", "53542c47532c2b30303338342e356b670d0a", "384.5"),
    with_unit(shows("CommaDecimal", "53542c47532c2b303033382c343420740d0a", "38.44"), "t"),
    with_unit(shows("Pounds", "53542c47532c2b303038343734366c620d0a", "84746"), "lb"),
    with_unit(shows("ThreeLetterUnit", "53542c47532c2b303038343734366c62730d0a", "84746"), "lb"),
    shows("UnitPaddedBehind", "53542c47532c2b303033383434306b67200d0a", "38440"),
    shows("SignThenBlanks", "53542c47532c2b20313233342e356b670d0a", "1234.5"),
    bad("Tare", "53542c54522c2b303031343538306b670d0a"),
    bad("PresetTare", "53542c50542c2b303031343538306b670d0a"),
    bad("ShortTare", "53542c54202c2b303031343538306b670d0a"),
    bad("UnknownStatus", "53582c47532c2b303033383434306b670d0a"),
    bad("UnknownMode", "53542c58582c2b303033383434306b670d0a"),
    bad("DigitLost", "53542c47532c2b3030333834306b670d0a"),
    bad("DigitDoubled", "53542c47532c2b30303338343430306b670d0a"),
    bad("UnitCut", "53542c47532c2b303033383434306b0d0a"),
    bad("UnitOfNoMass", "53542c47532c2b3030303030313270630d0a"),
    bad("LeftOver", "53542c47532c2b303033383434306b6720780d0a"),
    bad("BlankDigits", "53542c47532c20202020202020206b670d0a"),
    bad("LetterAmongDigits", "53542c47532c2b303045383434306b670d0a"),
    bad("TwoPoints", "53542c47532c2b30302e38342e306b670d0a"),
    bad("PointAtTheEnd", "53542c47532c2b3030333834342e6b670d0a"),
    bad("SignInTheMiddle", "53542c47532c2b3030332d3434306b670d0a"),
    bad("BlankInTheMiddle", "53542c47532c2b303033203434306b670d0a"),
    bad("TwoLinesInOne", "53542c47532c2b303053542c47532c2b303033383434306b670d0a"),
    bad("BusyReply", "490d0a"),
    bad("UnitLostItsFirstLetter", "53542c47532c2b3030333834343067200d0a"),
    bad("UnitPaddedInFront", "53542c47532c2b30303338343430206b670d0a"),
    bad("Empty", "0d0a"),
    bad("Nul", "53542c47532c2b30300033383434306b670d0a"),
    bad("ParityAsBit7", "53d4ac4753ac2b303033b8b4b430ebe70d0a"),
    bad("NoLineEnd", "53542c47532c2b303033383434306b67"),
};

std::span<const Example> examples() { return kExamples; }

std::unique_ptr<Decoder> make() { return std::make_unique<LineDecoder>(read_line); }

}  // namespace

constinit const Profile kAnd{"and", "A&D and alike: \"ST,GS,+0038440kg\"", "2400 7E1", false, make, examples, encode};

}  // namespace edge::scale
