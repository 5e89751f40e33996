// Any payload, in our own shape and in another: what is decoded can always be judged, stored and sent.
#include "check.h"
#include "protocols/bytes.h"
#include "protocols/mqtt/json_decoder.h"
#include "protocols/record/decimal.h"
#include "protocols/record/quality.h"
#include "protocols/record/reason.h"
#include "protocols/record/time.h"
#include "protocols/record/units.h"

namespace {

using namespace edge;

void check_value(const std::string& value) {
  check(is_decimal(value), "a value is a decimal");
  check(is_storable(value), "a value can be stored");
  check(to_decimal(value).text == value, "a value is canonical");
  check(to_double(value).has_value(), "a value has a nearest double");
  const DecimalText celsius = convert_linear(value, *linear_between("F", "C"));
  check(celsius.fault != DecimalFault::kNone || is_decimal(celsius.text), "a converted value is a decimal");
  check(compare_decimals(value, value) == 0, "a value equals itself");
}

void check_reading(const Reading& reading, int index) {
  check(is_wire_type(reading.metric), "a metric is a type");
  check(reading.index == index, "readings are numbered");
  check(is_plain_text(reading.unit) && reading.unit.size() <= 140, "a unit is a short plain text");
  check(is_utf8(reading.time_as_sent), "a time as sent is text");
  check(reading.value.has_value() != !reading.faults.empty(), "a value, or a fault");
  if (reading.value) check_value(*reading.value);
  if (reading.at_ms) static_cast<void>(format_instant(*reading.at_ms));
  QualityFacts facts;
  facts.value = reading.value, facts.unit = reading.unit, facts.type = reading.metric;
  facts.faults = reading.faults, facts.bad_time = reading.time_as_sent;
  const Verdict verdict = judge(facts, PolicyBook());
  check(reading.faults.empty() == (verdict.flag < Flag::kInvalid), "a fault makes it Invalid");
  for (const std::string& reason : reading.faults) check(is_reason(reason), "a fault is a reason");
  for (const std::string& reason : verdict.reasons) check(is_reason(reason), "a verdict gives reasons");
}

void check_payload(std::string_view payload, const JsonShape& shape) {
  const auto readings = decode_json(payload, shape);
  if (!readings) {
    check(!readings.error().detail.empty() && is_plain_text(readings.error().detail), "an error says why");
    return;
  }
  check(!readings->empty() && readings->size() <= kReadingLimit, "some readings, but not too many");
  int index = 0;
  for (const Reading& reading : *readings) check_reading(reading, index++);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view payload = view(bytes, size);
  check_payload(payload, {});
  check_payload(payload, {"/data/temp", "/when/0", "/uuid", "temperature", "C"});
  check(is_plain_text(raw_text(payload)) && raw_text(payload).size() <= kRawLimit, "raw is a bounded plain text");
  check(is_reason(make_reason("bad_time", payload)), "any detail makes a reason");
  static_cast<void>(parse_instant(payload));
  static_cast<void>(parse_unix(payload));
  const DecimalText number = to_decimal(payload);
  if (number.fault == DecimalFault::kNone) check_value(number.text);
  return 0;
}
