#include "protocols/mqtt/json_decoder.h"

#include <algorithm>

#include "protocols/bytes.h"
#include "protocols/mqtt/json_tree.h"
#include "protocols/record/decimal.h"
#include "protocols/record/reason.h"
#include "protocols/record/time.h"

namespace edge {
namespace {

constexpr std::size_t kUnitLimit = 32;  // characters; 128 bytes at most, a column holds 140
constexpr std::size_t kTimeLimit = 80;  // characters, of a time as sent
constexpr std::size_t kIdLimit = 140;   // bytes
using Kind = JsonNode::Kind;

/// The characters of a value as a fault quotes them.
std::string_view as_sent(const JsonNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kObject:
      return "object";
    case Kind::kArray:
      return "array";
    case Kind::kBool:
    case Kind::kNumber:
    case Kind::kText:
      break;
  }
  return node.text;
}

bool is_scalar_text(const JsonNode& node) { return node.kind == Kind::kText || node.kind == Kind::kNumber; }

void read_value(const JsonNode* node, Reading& reading) {
  if (node == nullptr || !is_scalar_text(*node)) {
    reading.faults.push_back(make_reason("not_a_number", node == nullptr ? std::string_view{} : as_sent(*node)));
    return;
  }
  DecimalText decimal = to_decimal(node->text);
  switch (decimal.fault) {
    case DecimalFault::kNone:
      reading.value = std::move(decimal.text);
      return;
    case DecimalFault::kComma:
      reading.faults.push_back(make_reason("comma_decimal", node->text));
      return;
    case DecimalFault::kNotStorable:
      reading.faults.push_back(make_reason("not_storable"));
      return;
    case DecimalFault::kNotANumber:
      reading.faults.push_back(make_reason("not_a_number", node->text));
      return;
  }
}

void read_time(const JsonNode* node, Reading& reading) {
  if (node == nullptr || node->kind == Kind::kNull) return;
  reading.time_as_sent = one_line(as_sent(*node), kTimeLimit);
  if (node->kind == Kind::kText) reading.at_ms = parse_instant(node->text);
  if (!reading.at_ms && is_scalar_text(*node)) reading.at_ms = parse_unix(node->text);
}

/// The metric lower-cased; an error says what is wrong with it as a reason.
tl::expected<std::string, std::string> metric_of(const JsonNode& object, const JsonShape& shape) {
  std::string metric = shape.metric;
  if (metric.empty()) {
    const JsonNode* const sent = object.member("metric");
    if (sent == nullptr || sent->kind == Kind::kNull) return tl::unexpected(make_reason("no_metric"));
    if (sent->kind != Kind::kText) return tl::unexpected(make_reason("bad_metric", as_sent(*sent)));
    metric = sent->text;
  }
  std::transform(metric.begin(), metric.end(), metric.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (!is_wire_type(metric)) return tl::unexpected(make_reason("bad_metric", metric));
  return metric;
}

/// One object as a reading; an error is the reason why its metric is not known.
tl::expected<Reading, std::string> read_object(const JsonNode& object, const JsonShape& shape) {
  if (object.kind != Kind::kObject) return tl::unexpected(make_reason("not_an_object", as_sent(object)));
  auto metric = metric_of(object, shape);
  if (!metric) return tl::unexpected(std::move(metric.error()));
  Reading reading;
  reading.metric = *std::move(metric);
  read_value(shape.value.empty() ? object.member("value") : object.at(shape.value), reading);
  read_time(shape.time.empty() ? object.member("ts") : object.at(shape.time), reading);
  const JsonNode* const unit = object.member("unit");
  if (!shape.unit.empty()) {
    reading.unit = one_line(shape.unit, kUnitLimit);
  } else if (unit != nullptr && unit->kind == Kind::kText) {
    reading.unit = one_line(unit->text, kUnitLimit);
  }
  const JsonNode* const id = shape.id.empty() ? nullptr : object.at(shape.id);
  if (id != nullptr && is_scalar_text(*id) && id->text.size() <= kIdLimit) reading.unique_id = id->text;
  return reading;
}

/// What is wrong with a message as a whole, in words.
Error undecodable(std::string_view reason) {
  const std::string_view code = reason_code(reason);
  const std::string_view detail = reason.substr(std::min(code.size() + 1, reason.size()));
  if (code == "no_metric") return {Errc::kMalformed, "the object has no metric"};
  if (code == "not_an_object") return {Errc::kMalformed, "JSON, but neither an object nor a list of objects"};
  return {Errc::kMalformed, "the metric \"" + for_log(detail) + "\" is not 1 to 64 of a-z, 0-9, _ and ."};
}

}  // namespace

Result<std::vector<Reading>> decode_json(std::string_view payload, const JsonShape& shape) {
  auto tree = parse_json_tree(payload);
  if (!tree) return tl::unexpected(std::move(tree.error()));
  std::vector<Reading> readings;
  if (tree->kind != Kind::kArray) {
    auto reading = read_object(*tree, shape);
    if (!reading) return tl::unexpected(undecodable(reading.error()));
    readings.push_back(*std::move(reading));
    return readings;
  }
  if (tree->children.empty()) return fail(Errc::kMalformed, "an empty list");
  if (tree->children.size() > kReadingLimit) {
    return fail(Errc::kTooLarge, "more than " + std::to_string(kReadingLimit) + " readings");
  }
  readings.reserve(tree->children.size());
  for (const JsonNode& child : tree->children) {
    auto reading = read_object(child, shape);
    if (!reading) {
      // One bad element must not take the others with it.
      Reading unparsed;
      unparsed.metric = kUnparsed;
      unparsed.faults.push_back(std::move(reading.error()));
      reading = std::move(unparsed);
    }
    reading->index = static_cast<int>(readings.size());
    readings.push_back(*std::move(reading));
  }
  return readings;
}

}  // namespace edge
