#include <algorithm>

#include "protocols/bytes.h"
#include "protocols/record/decimal.h"
#include "protocols/wire/json_reader.h"
#include "protocols/wire/records.h"

namespace edge::wire {
namespace {

using Json = nlohmann::json;

/// Reads the fields of one record; the first that is not as it should be makes the record malformed.
class FieldReader {
 public:
  FieldReader(const Json& object, std::string kind) : object_(object), kind_(std::move(kind)) {}

  template <class Good>
  std::string text(const char* key, Good good) {
    const FieldText field = field_text(object_, key);
    if (field.kind != FieldText::Kind::kText || !good(field.text)) wrong(key);
    return std::string(field.text);
  }
  template <class Good>
  std::string text_if(const char* key, Good good) {
    return field_text(object_, key).kind == FieldText::Kind::kMissing ? std::string() : text(key, good);
  }
  std::string text_if(const char* key) {
    return text_if(key, [](std::string_view) { return true; });
  }
  std::string decimal(const char* key) { return text(key, is_decimal); }
  std::string decimal_if(const char* key) { return text_if(key, is_decimal); }
  std::string uid_if(const char* key) { return text_if(key, is_uid); }
  std::string hash(const char* key) { return text(key, is_hash); }

  std::int64_t integer(const char* key) {
    const FieldInt field = field_int(object_, key);
    if (field.kind != FieldInt::Kind::kInt || field.value < 0) wrong(key);
    return field.value;
  }
  std::int64_t integer_or_zero(const char* key) { return integer_if(key).value_or(0); }
  std::optional<std::int64_t> integer_if(const char* key) {
    if (field_int(object_, key).kind == FieldInt::Kind::kMissing) return std::nullopt;
    return integer(key);
  }
  bool boolean_or_false(const char* key) {
    const Json* const value = find(object_, key);
    if (value == nullptr) return false;
    if (!value->is_boolean()) wrong(key);
    return value->is_boolean() && value->get<bool>();
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> out;
    const Json* const list = find(object_, key);
    if (list == nullptr || !list->is_array()) {
      wrong(key);
      return out;
    }
    for (const Json& one : *list) {
      const auto* const value = one.get_ptr<const std::string*>();
      if (value == nullptr) {
        wrong(key);
        return out;
      }
      out.push_back(*value);
    }
    return out;
  }

  Stamp stamp() {
    Stamp out{text("uid", is_uid), integer("seq"), text_if("site", is_wire_id), text_if("epoch", is_epoch)};
    if (out.seq < 1) wrong("seq");
    return out;
  }
  ClockState clock() {
    const auto state = clock_state_from(field_text(object_, "clock").text);
    if (!state) wrong("clock");
    return state.value_or(ClockState::kSynced);
  }
  /// Reads the object under `key` with the same error, if it is there.
  template <class Read>
  void object_if(const char* key, Read read) {
    const Json* const value = find(object_, key);
    if (value == nullptr) return;
    FieldReader inner(*value, kind_ + '.' + key);
    read(inner);
    if (inner.error_ && !error_) error_ = std::move(inner.error_);
  }

  void wrong(const std::string& field) {
    if (!error_) error_ = "record " + kind_ + ": " + field + " is missing or malformed";
  }
  void reject(const std::optional<Rejection>& rejection) {
    if (rejection && !error_) error_ = "record " + kind_ + ": " + rejection->message;
  }
  const Json& object() const { return object_; }
  const std::optional<std::string>& error() const { return error_; }

  static bool is_uid(std::string_view text) { return is_lower_hex(text, 32); }
  static bool is_hash(std::string_view text) { return is_lower_hex(text, 64); }
  static bool is_epoch(std::string_view text) {
    if (!text.empty() && text[0] == 'p') return is_lower_hex(text.substr(1), 8);
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
  }

 private:
  const Json& object_;
  std::string kind_;
  std::optional<std::string> error_;
};

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

std::optional<std::string> decimal_if(FieldReader& read, const char* key) {
  std::string text = read.decimal_if(key);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::optional<Rejection> check(const Json& object, const Observation& o) {
  const auto text = [&](const char* key) { return field_text(object, key); };
  const auto number = [&](const char* key) { return field_int(object, key); };
  ObservationFields fields;
  fields.uid = text("uid"), fields.identity = text("identity"), fields.site = text("site");
  fields.device = text("device"), fields.type = text("type"), fields.time_source = text("time_source");
  fields.clock = text("clock"), fields.value = text("value"), fields.unit = text("unit");
  fields.value_in = text("value_in"), fields.unit_in = text("unit_in"), fields.flag = text("flag");
  fields.raw = text("raw"), fields.raw_sha256 = text("raw_sha256"), fields.policy_version = text("policy_version");
  fields.seq = number("seq"), fields.index = number("index"), fields.observed_at = number("observed_at");
  fields.received_at = number("received_at"), fields.raw_bytes = number("raw_bytes");
  fields.has_reasons = true;
  fields.reasons = views(o.reasons);
  return check_observation(fields);
}

Fold read_fold(FieldReader& read) {
  return {read.integer("count"), read.integer("first_at"), read.integer("last_at"), read.text_if("last_raw")};
}

Aggregate read_aggregate(FieldReader& read) {
  return {read.integer("from"), read.integer("to"),   read.decimal("min"),  read.decimal("mean"),
          read.decimal("max"),  read.decimal("last"), read.integer("count")};
}

Record read_observation(FieldReader& read) {
  ObservationRecord record{read.stamp(), {}};
  Observation& o = record.observation;
  o.uid = record.stamp.uid;
  o.site = record.stamp.site;
  o.reasons = read.texts("reasons");
  // The form of everything read below is checked here, by the rules the server uses too.
  read.reject(check(read.object(), o));
  if (read.error()) return record;
  o.identity = identity_from(read.text_if("identity")).value_or(Identity::kContent);
  o.device = read.text_if("device");
  o.type = read.text_if("type");
  o.index = static_cast<int>(read.integer_or_zero("index"));
  o.observed_at = read.integer("observed_at");
  o.received_at = read.integer("received_at");
  o.time_source = time_source_from(read.text_if("time_source")).value_or(TimeSource::kReceive);
  o.clock = read.clock();
  o.boot = read.text_if("boot");
  o.mono_ms = o.boot.empty() ? 0 : read.integer_or_zero("mono_ms");
  o.value = decimal_if(read, "value");
  o.unit = read.text_if("unit");
  o.value_in = decimal_if(read, "value_in");
  o.unit_in = read.text_if("unit_in");
  o.flag = flag_from(read.text_if("flag")).value_or(Flag::kInvalid);
  o.policy_version = read.text_if("policy_version");
  o.backfilled = read.boolean_or_false("backfilled");
  o.raw = read.text_if("raw");
  o.raw_bytes = read.integer("raw_bytes");
  o.raw_sha256 = read.text_if("raw_sha256");
  read.object_if("fold", [&](FieldReader& inner) { o.fold = read_fold(inner); });
  read.object_if("agg", [&](FieldReader& inner) { o.aggregate = read_aggregate(inner); });
  return record;
}

void read_reading_of_scale(FieldReader& read, Weighing& w) {
  w.value = decimal_if(read, "value");
  w.unit = read.text_if("unit");
  w.kg = read.decimal_if("kg");
  w.e = read.decimal_if("e");
  w.mode = read.text_if("mode");
  w.role = read.text_if("role");
  w.stability = read.text_if("stability");
  w.stable_ms = read.integer_if("stable_ms");
  w.spread = read.decimal_if("spread");
  w.zero_seen_at = read.integer_if("zero_seen_at");
  w.tare = read.decimal_if("tare");
  w.range = read.text_if("range");
  if (!w.value && w.role != "genesis") read.wrong("value");
}

Record read_weighing(FieldReader& read) {
  Weighing w;
  w.stamp = read.stamp();
  if (w.stamp.site.empty()) read.wrong("site");
  w.scale = read.text("scale", is_wire_id);
  w.alibi_seq = read.integer("alibi_seq");
  w.at = read.integer("at");
  w.clock = read.clock();
  w.boot = read.text_if("boot");
  w.mono_ms = w.boot.empty() ? 0 : read.integer_or_zero("mono_ms");
  read_reading_of_scale(read, w);
  w.profile = read.text_if("profile");
  w.checksum = read.text_if("checksum");
  w.raw_hex = read.text_if("raw_hex", [](std::string_view text) { return is_lower_hex(text, text.size()); });
  w.manual = read.boolean_or_false("manual");
  w.operator_id = read.text_if("operator");
  w.indicator_alibi = read.text_if("indicator_alibi");
  w.override_reason = read.text_if("override");
  w.reason = read.text_if("reason");
  w.prev_hash = read.hash("prev_hash");
  w.hash = read.hash("hash");
  read.object_if("genesis", [&](FieldReader& inner) {
    w.genesis =
        WeighingGenesis{inner.text("epoch", FieldReader::is_epoch), inner.integer("alibi_seq"), inner.hash("hash")};
  });
  return w;
}

void read_weights(FieldReader& read, ScaleTicket& t) {
  t.number = read.text("number", [](std::string_view text) { return !text.empty(); });
  t.direction = read.text("direction", [](std::string_view text) { return text == "Receive" || text == "Dispatch"; });
  t.unit = read.text_if("unit");
  t.gross = read.decimal("gross");
  t.tare = read.decimal("tare");
  t.net = read.decimal("net");
  t.gross_kg = read.decimal_if("gross_kg");
  t.tare_kg = read.decimal_if("tare_kg");
  t.net_kg = read.decimal_if("net_kg");
  t.gross_weighing = read.uid_if("gross_weighing");
  t.tare_weighing = read.uid_if("tare_weighing");
  t.tare_vehicle = read.text_if("tare_vehicle");
  t.tare_at = read.integer_if("tare_at");
  t.declared_net_kg = read.decimal_if("declared_net_kg");
  t.difference_kg = read.decimal_if("difference_kg");
  t.difference_pct = read.decimal_if("difference_pct");
}

void read_finished(FieldReader& read, ScaleTicket& t) {
  read_weights(read, t);
  t.order = read.text_if("order");
  t.lot = read.text_if("lot");
  t.vehicle = read.text_if("vehicle");
  t.driver = read.text_if("driver");
  t.stability = read.text_if("stability");
  t.manual = read.boolean_or_false("manual");
  t.prints = read.integer_or_zero("prints");
  t.mismatch = read.boolean_or_false("mismatch");
  t.reasons = read.texts("reasons");
  t.policy_version = read.text_if("policy_version");
  t.alibi_hash = read.text_if("alibi_hash", FieldReader::is_hash);
}

Record read_ticket(FieldReader& read) {
  ScaleTicket t;
  t.stamp = read.stamp();
  if (t.stamp.site.empty()) read.wrong("site");
  t.scale = read.text_if("scale", is_wire_id);
  t.action = read.text_if("action");
  t.at = read.integer("at");
  t.operator_id = read.text_if("operator");
  t.reason = read.text_if("reason");
  t.corrects = read.uid_if("corrects");
  t.voids = read.uid_if("voids");
  if (t.action == "void") {
    if (t.voids.empty()) read.wrong("voids");
  } else if (t.action == "complete" || t.action == "correct") {
    if (t.action == "correct" && t.corrects.empty()) read.wrong("corrects");
    read_finished(read, t);
  } else {
    read.wrong("action");
  }
  return t;
}

Record read_gap(FieldReader& read) {
  Gap gap;
  gap.stamp = read.stamp();
  gap.device = read.text_if("device");
  gap.from_seq = read.integer("from_seq");
  gap.to_seq = read.integer("to_seq");
  gap.from_at = read.integer("from_at");
  gap.to_at = read.integer("to_at");
  gap.count = read.integer("count");
  gap.reason = read.text_if("reason");
  const auto text = [&](const char* key) { return field_text(read.object(), key); };
  const auto number = [&](const char* key) { return field_int(read.object(), key); };
  read.reject(check_gap({text("uid"), text("site"), text("device"), text("reason"), number("seq"), number("from_seq"),
                         number("to_seq"), number("from_at"), number("to_at"), number("count")}));
  return gap;
}

Record read_amend(FieldReader& read) {
  Amend amend;
  amend.stamp = read.stamp();
  amend.target = read.text_if("target");
  amend.cause = read.text_if("cause");
  amend.flag = flag_from(read.text_if("flag")).value_or(Flag::kInvalid);
  amend.reasons = read.texts("reasons");
  amend.policy_version = read.text_if("policy_version");
  amend.observed_at = read.integer_if("observed_at");
  amend.clock = clock_state_from(read.text_if("clock"));
  const auto text = [&](const char* key) { return field_text(read.object(), key); };
  const auto number = [&](const char* key) { return field_int(read.object(), key); };
  read.reject(
      check_amend({text("uid"), text("site"), text("target"), text("cause"), text("flag"), text("policy_version"),
                   text("clock"), number("seq"), number("observed_at"), true, views(amend.reasons)}));
  return amend;
}

struct Kind {
  std::string_view name;
  Record (*read)(FieldReader&);
};
constexpr Kind kKinds[] = {{"observation", read_observation},
                           {"weighing", read_weighing},
                           {"scale_ticket", read_ticket},
                           {"gap", read_gap},
                           {"amend", read_amend}};

}  // namespace

Result<Record> decode(std::string_view json) {
  const auto object = parse_object(json);
  if (!object) return fail(Errc::kMalformed, "record: not a JSON object");
  const FieldText name = field_text(*object, "kind");
  if (name.kind != FieldText::Kind::kText) return fail(Errc::kMalformed, "record: no kind");
  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& one) { return one.name == name.text; });
  if (kind == std::end(kKinds)) return fail(Errc::kUnsupported, "record: unknown kind \"" + for_log(name.text) + "\"");
  FieldReader read(*object, std::string(name.text));
  Record record = kind->read(read);
  if (read.error()) return fail(Errc::kMalformed, *read.error());
  return record;
}

}  // namespace edge::wire
