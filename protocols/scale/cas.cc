#include <array>
#include <string>

#include "protocols/scale/example_makers.h"
#include "protocols/scale/families.h"
#include "protocols/scale/st_gs_line.h"

// CAS (CI-400, NT-200, CI-600D), 22 bytes with the line end: "ST,GS," id lamps ',' number(8) ' ' unit(2) CR LF.
// The lamps: bit 7 always, 6 stable, 5 always (CI-600D: never), 4 hold, 3 printer, 2 gross, 1 tare, 0 zero; so the
// byte is 80 or more and the line no text. An id of 0D would end the line early and is not supported. CI-400 manual
// p.103. The form of 10 bytes (a bare number) says neither status nor unit and is refused.
namespace edge::scale {
namespace {

constexpr std::size_t kSize = 20;
enum Lamp : unsigned { kAlways = 0x80, kStable = 0x40, kHold = 0x10, kZero = 0x01 };

Result<WeightSample> read_line(std::string_view line) {
  if (line.size() != kSize || line[2] != ',' || line[5] != ',' || line[8] != ',' || line[17] != ' ') {
    return wrong_line(line, "the CAS form of 22 bytes");
  }
  const auto lamps = static_cast<unsigned char>(line[7]);
  if ((lamps & kAlways) == 0)
    return wrong_line(line, "a CAS line: bit 7 of its lamp byte is 0; are there 8 data bits?");
  auto head = read_head(line.substr(0, 2), line.substr(3, 2));
  if (!head) return head;
  // Both must say so: a weight is never more stable than its doubts.
  if (head->stable == Tri::kYes && (lamps & kStable) == 0) head->stable = Tri::kNo;
  head->zero = (lamps & kZero) != 0 ? Tri::kYes : Tri::kNo;
  if ((lamps & kHold) != 0 && head->range == WeightRange::kIn) {
    head->range = WeightRange::kError;
    head->fault = "the display is held";
  }
  return read_weight(*std::move(head), line.substr(9, 8), line.substr(18));
}

Result<std::string> encode(const Shown& shown) {
  const auto unit = unit_text(shown);
  if (!unit) return unit;
  const auto number = number_text(shown, 8);
  if (!number) return number;
  const unsigned lamps = kAlways | 0x20U | (shown.stable && !shown.over ? kStable : 0U) | (shown.net ? 0x02U : 0x04U) |
                         (shown.zero ? kZero : 0U);
  return std::string(status_text(shown)) + "," + std::string(mode_text(shown)) + ",1" + static_cast<char>(lamps) + "," +
         *number + " " + *unit + "\r\n";
}

constexpr std::array kExamples{
    with_zero(shows("Gross", "53542c47532c31e42c2020203338343430206b670d0a", "38440"), Tri::kNo),
    with_zero(shows("Moving", "55532c47532c31a42c2020203338343230206b670d0a", "38420", WeightMode::kGross, Tri::kNo),
              Tri::kNo),
    with_zero(shows("Zero", "53542c47532c31e52c2020202020202030206b670d0a", "0"), Tri::kYes),
    with_zero(shows("NetWithoutTare", "53542c4e542c31e22c2020203233383630206b670d0a", "23860", WeightMode::kNet),
              Tri::kNo),
    with_zero(shows("Negative", "53542c47532c31e42c20202020202d3230206b670d0a", "-20"), Tri::kNo),
    with_zero(shows("TenthStep", "53542c47532c31e42c2020203338342e35206b670d0a", "384.5"), Tri::kNo),
    with_zero(with_unit(shows("Pounds", "53542c47532c31e42c2020203834373436206c620d0a", "84746"), "lb"), Tri::kNo),
    with_zero(shows("Ci600dWithoutBit5", "53542c47532c31c42c2020203338343430206b670d0a", "38440"), Tri::kNo),
    with_zero(shows("BinaryId", "53542c47532c07e42c2020203338343430206b670d0a", "38440"), Tri::kNo),
    with_zero(
        shows("StableLampOff", "53542c47532c31a42c2020203338343430206b670d0a", "38440", WeightMode::kGross, Tri::kNo),
        Tri::kNo),
    with_zero(
        shows("StableLampOn", "55532c47532c31e42c2020203338343430206b670d0a", "38440", WeightMode::kGross, Tri::kNo),
        Tri::kNo),
    with_zero(shows_none("Overload", "4f4c2c47532c31a42c2020202020202020206b670d0a", WeightRange::kOver), Tri::kNo),
    with_zero(shows_none("Hold", "53542c47532c31f42c2020203338343430206b670d0a", WeightRange::kError, Tri::kYes),
              Tri::kNo),
    bad("LampWithoutBit7", "53542c47532c31642c2020203338343430206b670d0a"),
    bad("TenByteForm", "20202033383434300d0a"),
    bad("WithoutLamp", "53542c47532c2020203338343430206b670d0a"),
    bad("DigitLost", "53542c47532c31e42c20203338343430206b670d0a"),
    bad("DigitDoubled", "53542c47532c31e42c202020333834343030206b670d0a"),
    bad("BlankDigits", "53542c47532c31e42c2020202020202020206b670d0a"),
    bad("UnitOfNoMass", "53542c47532c31e42c20202020202031322070630d0a"),
    bad("LeftOver", "53542c47532c31e42c2020203338343430206b67200d0a"),
    bad("NoBlankBeforeTheUnit", "53542c47532c31e42c2020203338343430306b670d0a"),
    bad("CommandFailed", "210d0a"),
    bad("CommandError", "3f0d0a"),
    bad("NoLineEnd", "53542c47532c31e42c2020203338343430206b67"),
    bad("UnknownStatus", "53582c47532c31e42c2020203338343430206b670d0a"),
};

std::span<const Example> examples() { return kExamples; }

std::unique_ptr<Decoder> make() { return std::make_unique<LineDecoder>(read_line); }

}  // namespace

constinit const Profile kCas{"cas", "CAS, 22 bytes with lamps", "9600 8N1", false, make, examples, encode};

}  // namespace edge::scale
