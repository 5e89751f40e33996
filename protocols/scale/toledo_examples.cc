#include <array>

#include "protocols/scale/example_makers.h"
#include "protocols/scale/toledo.h"

namespace edge::scale {
namespace {

/// What only some families say: centre of zero, tare, display step.
constexpr Example said(Example example, Tri zero, std::string_view tare, std::string_view e) {
  return with_step(with_tare(with_zero(example, zero), tare), e);
}

constexpr std::array kLong{
    said(shows("Gross", "023130203030333834343030303030300d1d", "38440"), Tri::kUnknown, "0", "20"),
    said(shows("Moving", "023138203030333834323030303030300d17", "38420", WeightMode::kGross, Tri::kNo), Tri::kUnknown,
         "0", "20"),
    said(shows("Negative", "023132203030303030323030303030300d2c", "-20"), Tri::kUnknown, "0", "20"),
    said(shows_none("OutOfRangeBlank", "023134202020202020203030303030300d0c", WeightRange::kOut, Tri::kYes),
         Tri::kUnknown, "0", "20"),
    said(shows_none("OutOfRangeDigits", "023134203030363032303030303030300d24", WeightRange::kOut, Tri::kYes),
         Tri::kUnknown, "0", "20"),
    said(shows("Net", "023131203030323338363030313435380d0a", "23860", WeightMode::kNet, Tri::kYes), Tri::kUnknown,
         "14580", "20"),
    said(shows("StepOfOne", "023a30203031323334353030303030300d18", "12345"), Tri::kUnknown, "0", "5"),
    said(shows("Zero", "023130203030303030303030303030300d30", "0"), Tri::kYes, "0", "20"),
    said(shows("ZeroMoving", "023138203030303030303030303030300d28", "0", WeightMode::kGross, Tri::kNo), Tri::kUnknown,
         "0", "20"),
    said(shows("NetZero", "023131203030303030303030313435380d1d", "0", WeightMode::kNet, Tri::kYes), Tri::kUnknown,
         "14580", "20"),
    said(shows("NetBlankTare", "023131203030323338362020202020200d7c", "23860", WeightMode::kNet, Tri::kYes),
         Tri::kUnknown, "", "20"),
    said(shows("LeadingBlanks", "023130202020333834343030303030300d3d", "38440"), Tri::kUnknown, "0", "20"),
    said(shows("TenthStep", "022b30203030333834353030303030300d22", "384.5"), Tri::kUnknown, "0.0", "0.1"),
    said(shows("Thousandths", "023530203031313132303030303030300d27", "11.120"), Tri::kUnknown, "0.000", "0.002"),
    said(shows("TensOfThousandths", "023730203031313132303030303030300d25", "0.11120"), Tri::kUnknown, "0.00000",
         "0.00002"),
    said(shows("Hundreds", "022830203030303338343030303030300d2a", "38400"), Tri::kUnknown, "0", "100"),
    said(with_unit(shows("Pounds", "023220203038343734363030303030300d22", "84746"), "lb"), Tri::kUnknown, "0", "2"),
    said(with_unit(shows("Grams", "023a30213030303234353030303030300d1b", "245"), "g"), Tri::kUnknown, "0", "5"),
    said(with_unit(shows("Tonnes", "023430223030333834343030303030300d18", "38.44"), "t"), Tri::kUnknown, "0.00",
         "0.02"),
    said(shows("PrintRequest", "023130283030333834343030303030300d15", "38440"), Tri::kUnknown, "0", "20"),
    said(shows("StepNotSaid", "022130203030333834343030303030300d2d", "38440"), Tri::kUnknown, "0", ""),
    said(shows_none("NotYetZeroed", "023170203030333834343030303030300d5d", WeightRange::kError, Tri::kYes),
         Tri::kUnknown, "0", "20"),
    said(shows("EvenParity", "82b130a0303033b8b4b43030303030308d1d", "38440"), Tri::kUnknown, "0", "20"),
    said(shows("OddParity", "0231b020b0b0b3383434b0b0b0b0b0b00d9d", "38440"), Tri::kUnknown, "0", "20"),
    said(shows("MarkParity", "82b1b0a0b0b0b3b8b4b4b0b0b0b0b0b08d9d", "38440"), Tri::kUnknown, "0", "20"),
    bad("LidenClone", "025130213030333834343030303030300d7c"),
    bad("StatusA", "021130203030333834343030303030300d3d"),
    bad("StatusAHigh", "027130203030333834343030303030300d5d"),
    bad("StatusB", "023110203030333834343030303030300d3d"),
    bad("StatusC", "023130603030333834343030303030300d5d"),
    bad("Expanded", "023130303030333834343030303030300d0d"),
    bad("UnitOunces", "023130243030333834343030303030300d19"),
    bad("BlankInRange", "023130202020202020203030303030300d10"),
    bad("BlankAmongDigits", "023130203030203834343030303030300d30"),
    bad("LetterAmongDigits", "023130203030453834343030303030300d0b"),
    bad("Cut", "023130203030333834343030303030"),
    bad("DigitLost", "0231302030303834343030303030300d1d"),
    bad("StxLost", "3130203030333834343030303030300d1d"),
    bad("Garbage", "ff0067617262616765"),
    bad("ParityOfOneByte", "82b130a0303033b9b4b43030303030308d1d"),
    bad("WrongChecksum", "023130203030333834343030303030300d1c"),
    bad("BitFlipped", "023130203030333934343030303030300d1d"),
};

constexpr std::array kLongNoChecksum{
    said(shows("Gross", "023130203030333834343030303030300d", "38440"), Tri::kUnknown, "0", "20"),
    said(shows("Moving", "023138203030333834323030303030300d", "38420", WeightMode::kGross, Tri::kNo), Tri::kUnknown,
         "0", "20"),
    said(shows("Negative", "023132203030303030323030303030300d", "-20"), Tri::kUnknown, "0", "20"),
    said(shows_none("OutOfRangeBlank", "023134202020202020203030303030300d", WeightRange::kOut, Tri::kYes),
         Tri::kUnknown, "0", "20"),
    said(shows("Net", "023131203030323338363030313435380d", "23860", WeightMode::kNet, Tri::kYes), Tri::kUnknown,
         "14580", "20"),
    said(shows("Zero", "023130203030303030303030303030300d", "0"), Tri::kYes, "0", "20"),
    said(shows("NetBlankTare", "023131203030323338362020202020200d", "23860", WeightMode::kNet, Tri::kYes),
         Tri::kUnknown, "", "20"),
    said(shows("TenthStep", "022b30203030333834353030303030300d", "384.5"), Tri::kUnknown, "0.0", "0.1"),
    said(with_unit(shows("Pounds", "023220203038343734363030303030300d", "84746"), "lb"), Tri::kUnknown, "0", "2"),
    said(with_unit(shows("Tonnes", "023430223030333834343030303030300d", "38.44"), "t"), Tri::kUnknown, "0.00", "0.02"),
    said(shows_none("NotYetZeroed", "023170203030333834343030303030300d", WeightRange::kError, Tri::kYes),
         Tri::kUnknown, "0", "20"),
    said(shows("EvenParity", "82b130a0303033b8b4b43030303030308d", "38440"), Tri::kUnknown, "0", "20"),
    bad("LidenClone", "025130213030333834343030303030300d"),
    bad("StatusA", "021130203030333834343030303030300d"),
    bad("Expanded", "023130303030333834343030303030300d"),
    bad("BlankInRange", "023130202020202020203030303030300d"),
    bad("Cut", "0231302030303338343430303030"),
    bad("DigitLost", "0231302030303834343030303030300d"),
    bad("StxLost", "3130203030333834343030303030300d"),
    bad("ParityOfOneByte", "82b130a0303033b9b4b43030303030308d"),
};

constexpr std::array kShort{
    said(shows("Gross", "023130203030333834340d3d", "38440"), Tri::kUnknown, "", "20"),
    said(shows("Moving", "023138203030333834320d37", "38420", WeightMode::kGross, Tri::kNo), Tri::kUnknown, "", "20"),
    said(shows("Negative", "023132203030303030320d4c", "-20"), Tri::kUnknown, "", "20"),
    said(shows_none("OutOfRangeBlank", "023134202020202020200d2c", WeightRange::kOut, Tri::kYes), Tri::kUnknown, "",
         "20"),
    said(shows("Net", "023131203030323338360d3c", "23860", WeightMode::kNet, Tri::kYes), Tri::kUnknown, "", "20"),
    said(shows("Zero", "023130203030303030300d50", "0"), Tri::kYes, "", "20"),
    said(shows("TenthStep", "022b30203030333834350d42", "384.5"), Tri::kUnknown, "", "0.1"),
    said(with_unit(shows("Pounds", "023220203038343734360d42", "84746"), "lb"), Tri::kUnknown, "", "2"),
    said(with_unit(shows("Tonnes", "023430223030333834340d38", "38.44"), "t"), Tri::kUnknown, "", "0.02"),
    said(shows_none("NotYetZeroed", "023170203030333834340d7d", WeightRange::kError, Tri::kYes), Tri::kUnknown, "",
         "20"),
    said(shows("EvenParity", "82b130a0303033b8b4b48dbd", "38440"), Tri::kUnknown, "", "20"),
    bad("LidenClone", "025130213030333834340d1c"),
    bad("StatusA", "021130203030333834340d5d"),
    bad("Expanded", "023130303030333834340d2d"),
    bad("BlankInRange", "023130202020202020200d30"),
    bad("Cut", "023130203030333834"),
    bad("DigitLost", "0231302030303834340d3d"),
    bad("StxLost", "3130203030333834340d3d"),
    bad("ParityOfOneByte", "82b130a0303033b9b4b48dbd"),
    bad("WrongChecksum", "023130203030333834340d3c"),
    bad("BitFlipped", "023130203030333934340d3d"),
};

constexpr std::array kShortNoChecksum{
    said(shows("Gross", "023130203030333834340d", "38440"), Tri::kUnknown, "", "20"),
    said(shows("Moving", "023138203030333834320d", "38420", WeightMode::kGross, Tri::kNo), Tri::kUnknown, "", "20"),
    said(shows("Negative", "023132203030303030320d", "-20"), Tri::kUnknown, "", "20"),
    said(shows_none("OutOfRangeBlank", "023134202020202020200d", WeightRange::kOut, Tri::kYes), Tri::kUnknown, "",
         "20"),
    said(shows("Net", "023131203030323338360d", "23860", WeightMode::kNet, Tri::kYes), Tri::kUnknown, "", "20"),
    said(shows("Zero", "023130203030303030300d", "0"), Tri::kYes, "", "20"),
    said(shows("TenthStep", "022b30203030333834350d", "384.5"), Tri::kUnknown, "", "0.1"),
    said(with_unit(shows("Pounds", "023220203038343734360d", "84746"), "lb"), Tri::kUnknown, "", "2"),
    said(with_unit(shows("Tonnes", "023430223030333834340d", "38.44"), "t"), Tri::kUnknown, "", "0.02"),
    said(shows_none("NotYetZeroed", "023170203030333834340d", WeightRange::kError, Tri::kYes), Tri::kUnknown, "", "20"),
    said(shows("EvenParity", "82b130a0303033b8b4b48d", "38440"), Tri::kUnknown, "", "20"),
    bad("LidenClone", "025130213030333834340d"),
    bad("StatusA", "021130203030333834340d"),
    bad("Expanded", "023130303030333834340d"),
    bad("BlankInRange", "023130202020202020200d"),
    bad("Cut", "0231302030303338"),
    bad("DigitLost", "0231302030303834340d"),
    bad("StxLost", "3130203030333834340d"),
    bad("ParityOfOneByte", "82b130a0303033b9b4b48d"),
};

}  // namespace

template <>
std::span<const Example> toledo_examples<true, true>() {
  return kLong;
}
template <>
std::span<const Example> toledo_examples<true, false>() {
  return kLongNoChecksum;
}
template <>
std::span<const Example> toledo_examples<false, true>() {
  return kShort;
}
template <>
std::span<const Example> toledo_examples<false, false>() {
  return kShortNoChecksum;
}

}  // namespace edge::scale
