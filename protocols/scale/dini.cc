#include <algorithm>
#include <array>
#include <string>

#include "protocols/scale/example_makers.h"
#include "protocols/scale/families.h"
#include "protocols/scale/st_gs_line.h"

// Dini Argeo (DFW, DGT, CPWE; 3590) and Tiger. Numbers are 8 wide, of the 3590 10: two profiles, because a line of 10
// that lost two digits would pass for one of 8.
//   [cc]ST,GS,<number>,kg                                          standard; cc = address, on RS-485 only
//   [cc]1,ST,<net>,PT<tare>,<pieces>,kg[,dd/mm/yy hh:mm:ss]        extended; PT = preset tare, else blanks
//   PIDST,1,<gross 10>kg,PT<tare 10>kg,00000-000158                a weighing in the indicator's own alibi memory
// DGT4X manual p.52 (lines), 3590 manual p.81 (alibi).
namespace edge::scale {
namespace {

constexpr std::string_view kRight = "\"ST,GS,   38440,kg\"";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Characters from the front of a line; a wrong one makes everything after it wrong.
class Fields {
 public:
  explicit Fields(std::string_view line) : rest_(line) {}

  std::string_view take(std::size_t count) {
    good_ = good_ && rest_.size() >= count;
    const auto taken = good_ ? rest_.substr(0, count) : std::string_view{};
    rest_.remove_prefix(taken.size());
    return taken;
  }
  void expect(std::string_view text) { good_ = good_ && take(text.size()) == text; }
  /// Up to the next comma, which stays.
  std::string_view until_comma() { return take(std::min(rest_.find(','), rest_.size())); }
  bool next_is(std::string_view text) const { return good_ && rest_.starts_with(text); }
  bool good() const { return good_; }
  bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

/// "PT" or two blanks and a number; false where it is neither.
bool read_tare(std::string_view mark, std::string_view number, WeightSample& sample) {
  sample.tare = read_number(number);
  sample.preset_tare = mark == "PT" ? Tri::kYes : Tri::kNo;
  return sample.tare && (mark == "PT" || mark == "  ");
}

bool is_count(std::string_view text) {
  const auto digits = text.find_first_not_of(' ');
  return text.size() <= 10 && digits != std::string_view::npos &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(digits), text.end(), is_digit);
}

/// Digits where `form` has '0', else the characters of `form`.
bool has_form(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(),
                    [](char c, char f) { return f == '0' ? is_digit(c) : c == f; });
}

Result<WeightSample> read_standard(std::string_view line, std::size_t width) {
  Fields fields(line);
  const auto status = fields.take(2);
  fields.expect(",");
  const auto mode = fields.take(2);
  fields.expect(",");
  const auto number = fields.take(width);
  fields.expect(",");
  const auto unit = fields.take(2);
  if (!fields.done()) return wrong_line(line, kRight);
  auto head = read_head(status, mode);
  if (!head) return head;
  return read_weight(*std::move(head), number, unit);
}

Result<WeightSample> read_extended(std::string_view line, std::size_t width) {
  constexpr std::string_view kExtended = "an extended line, \"1,ST,   23860,PT   14580,0,kg\"";
  Fields fields(line.substr(1));  // the number of the scale
  fields.expect(",");
  const auto status = fields.take(2);
  fields.expect(",");
  const auto net = fields.take(width);
  fields.expect(",");
  const auto mark = fields.take(2);
  const auto tare = fields.take(width);
  fields.expect(",");
  const auto pieces = fields.until_comma();
  fields.expect(",");
  const auto unit = fields.take(2);
  const bool dated = fields.next_is(",");
  const auto date = dated ? fields.take(18) : ",00/00/00 00:00:00";
  if (!fields.done() || !is_count(pieces) || !has_form(date, ",00/00/00 00:00:00")) return wrong_line(line, kExtended);
  auto head = read_head(status, "NT");
  if (!head) return head;
  if (!read_tare(mark, tare, *head)) return wrong_line(line, kExtended);
  return read_weight(*std::move(head), net, unit);
}

Result<WeightSample> read_alibi(std::string_view line) {
  constexpr std::string_view kAlibi = "an alibi answer, \"PIDST,1,      1500kg,PT       2.8kg,00000-000158\"";
  Fields fields(line.substr(3));
  const auto status = fields.take(2);
  fields.expect(",");
  const auto scale = fields.take(1);
  fields.expect(",");
  const auto gross = fields.take(10);
  const auto unit = fields.take(2);
  fields.expect(",");
  const auto mark = fields.take(2);
  const auto tare = fields.take(10);
  fields.expect(unit);
  fields.expect(",");
  const bool kept = !fields.next_is("NO");  // NO: negative or unstable, so not stored
  const auto id = fields.take(kept ? 12 : 2);
  if (!fields.done() || !is_count(scale) || (kept && !has_form(id, "00000-000000"))) return wrong_line(line, kAlibi);
  auto head = read_head(status, "GS");
  if (!head) return head;
  if (!read_tare(mark, tare, *head)) return wrong_line(line, kAlibi);
  if (kept) head->indicator_alibi = id;
  return read_weight(*std::move(head), gross, unit);
}

template <std::size_t kWidth>
Result<WeightSample> read_line(std::string_view line) {
  if (line.starts_with("PID")) return read_alibi(line);
  std::string_view rest = line;
  if (rest.size() > 2 && is_digit(rest[0]) && is_digit(rest[1])) rest.remove_prefix(2);
  if (rest.size() > 2 && is_digit(rest[0]) && rest[1] == ',') return read_extended(rest, kWidth);
  return read_standard(rest, kWidth);
}

template <std::size_t kWidth>
Result<std::string> encode(const Shown& shown) {
  const auto unit = unit_text(shown);
  if (!unit) return unit;
  const auto number = number_text(shown, kWidth);
  if (!number) return number;
  return std::string(status_text(shown)) + "," + std::string(mode_text(shown)) + "," + *number + "," + *unit + "\r\n";
}

constexpr std::array kExamples{
    shows("Gross", "53542c47532c20202033383434302c6b670d0a", "38440"),
    shows("Moving", "55532c47532c20202033383432302c6b670d0a", "38420", WeightMode::kGross, Tri::kNo),
    shows_none("Overload", "4f4c2c47532c20202020202020202c6b670d0a", WeightRange::kOver),
    shows_none("OverloadInDigits", "4f4c2c47532c20202036303230302c6b670d0a", WeightRange::kOver),
    shows_none("Underload", "554c2c47532c202020202d3430302c6b670d0a", WeightRange::kUnder),
    shows("NetWithoutTare", "53542c4e542c20202032333836302c6b670d0a", "23860", WeightMode::kNet),
    shows("Addressed", "303153542c47532c20202033383434302c6b670d0a", "38440"),
    bad("TenWide", "53542c47532c202020202033383434302c6b670d0a"),
    shows("Negative", "53542c47532c20202020202d32302c6b670d0a", "-20"),
    shows("Tiger", "53542c47532c2d20202020322e352c6b670d0a", "-2.5"),
    shows("TenthStep", "53542c47532c2020203338342e352c6b670d0a", "384.5"),
    with_unit(shows("CommaDecimal", "53542c47532c20202033382c34342c20740d0a", "38.44"), "t"),
    with_unit(shows("Pounds", "53542c47532c20202038343734362c6c620d0a", "84746"), "lb"),
    with_tare(
        shows("ExtendedPresetTare", "312c53542c20202032333836302c505420202031343538302c202020202020202020302c6b670d0a",
              "23860", WeightMode::kNet),
        "14580"),
    with_tare(
        shows("ExtendedWeighedTare", "312c53542c20202032333836302c202020202031343538302c202020202020202020302c6b670d0a",
              "23860", WeightMode::kNet),
        "14580"),
    with_tare(
        shows("ExtendedDated",
              "3031312c55532c20202032333836302c202020202031343538302c302c6b672c32332f30322f32362031303a30303a30310d0a",
              "23860", WeightMode::kNet, Tri::kNo),
        "14580"),
    with_tare(
        shows("AlibiOfTheManual",
              "50494453542c312c202020202020313530306b672c505420202020202020322e386b672c30303030302d3030303135380d0a",
              "1500"),
        "2.8"),
    with_tare(
        shows("AlibiNotStored", "50494455532c312c202020202033383432306b672c2020202020202020202020306b672c4e4f0d0a",
              "38420", WeightMode::kGross, Tri::kNo),
        "0"),
    bad("Microvolts", "53542c564c2c20202031323334352c6b670d0a"),
    bad("RawPoints", "53542c525a2c20203132333435362c6b670d0a"),
    bad("ErrorReply", "45525230340d0a"),
    bad("DigitLost", "53542c47532c202020333834302c6b670d0a"),
    bad("NineCharacters", "53542c47532c2020202033383434302c6b670d0a"),
    bad("UnitMissing", "53542c47532c20202033383434300d0a"),
    bad("CommaMissing", "53542c47532c20202033383434306b670d0a"),
    bad("UnitOfNoMass", "53542c47532c20202033383434302c707a0d0a"),
    bad("LeftOver", "53542c47532c20202033383434302c6b672c310d0a"),
    bad("BlankDigits", "53542c47532c20202020202020202c6b670d0a"),
    bad("TwoLinesInOne", "53542c47532c202020333853542c47532c20202033383434302c6b670d0a"),
    bad("ExtendedTareMark", "312c53542c20202032333836302c545020202031343538302c202020202020202020302c6b670d0a"),
    bad("ExtendedPieces", "312c53542c20202032333836302c505420202031343538302c202020202020202078302c6b670d0a"),
    bad("ExtendedDate",
        "312c53542c20202032333836302c505420202031343538302c202020202020202020302c6b672c32332d30322d32362031303a30303a30"
        "310d0a"),
    bad("AlibiUnitsDiffer",
        "50494453542c312c202020202020313530306b672c505420202020202020322e386c622c30303030302d3030303135380d0a"),
    bad("AlibiIdCut",
        "50494453542c312c202020202020313530306b672c505420202020202020322e386b672c30303030302d30303031350d0a"),
    bad("NoLineEnd", "53542c47532c20202033383434302c6b67"),
    bad("Empty", "0d0a"),
    bad("ParityAsBit7", "53d4ac4753aca0a0a033b8b4b430acebe70d0a"),
};

constexpr std::array k3590Examples{
    shows("Gross", "53542c47532c202020202033383434302c6b670d0a", "38440"),
    with_tare(shows("Extended",
                    "3031312c53542c202020202032333836302c2020202020202031343538302c202020202020202020302c6b672c32332f30"
                    "322f32362031303a30303a30310d0a",
                    "23860", WeightMode::kNet),
              "14580"),
    bad("TwoDigitsLost", "53542c47532c20202020203338342c6b670d0a"),
    bad("EightWide", "53542c47532c20202033383434302c6b670d0a"),
    bad("ExtendedTareCut", "312c53542c202020202032333836302c202020202031343538302c202020202020202020302c6b670d0a"),
};

template <std::size_t kWidth>
std::span<const Example> examples() {
  if constexpr (kWidth == 8) return kExamples;
  return k3590Examples;
}

template <std::size_t kWidth>
constexpr Profile profile(std::string_view name, std::string_view title) {
  return {name,
          title,
          "9600 8N1",
          false,
          []() -> std::unique_ptr<Decoder> { return std::make_unique<LineDecoder>(read_line<kWidth>); },
          examples<kWidth>,
          encode<kWidth>};
}

}  // namespace

constinit const Profile kDini = profile<8>("dini", "Dini Argeo: \"ST,GS,   38440,kg\"");
constinit const Profile kDini3590 = profile<10>("dini-3590", "Dini Argeo 3590: \"ST,GS,     38440,kg\"");

}  // namespace edge::scale
