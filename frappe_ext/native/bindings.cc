// Python bindings of protocols/record: conversion only, every rule is in the library.
//
// A batch is the list of dicts that Frappe's JSON reader made; it is walked through the C-API with interned keys
// (no STL casts of whole dicts, no second JSON reading). Any Python value may stand anywhere: what has another
// type than expected is handed to the rules as "other". Called with the GIL held throughout.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frappe_ext/native/fields.h"
#include "protocols/record/decimal.h"
#include "protocols/record/health_report.h"
#include "protocols/record/identity.h"
#include "protocols/record/policy.h"
#include "protocols/record/quality.h"
#include "protocols/record/record_check.h"

namespace py = pybind11;

namespace {

using edge::native::Fields;
using edge::native::Keys;
using edge::native::keys;

edge::ObservationFields observation_fields(Fields& record) {
  const Keys& k = keys();
  edge::ObservationFields f;
  f.uid = record.text(k.uid);
  f.identity = record.text(k.identity);
  f.site = record.text(k.site);
  f.device = record.text(k.device);
  f.type = record.text(k.type);
  f.time_source = record.text(k.time_source);
  f.clock = record.text(k.clock);
  f.value = record.text(k.value);
  f.unit = record.text(k.unit);
  f.value_in = record.text(k.value_in);
  f.unit_in = record.text(k.unit_in);
  f.flag = record.text(k.flag);
  f.raw = record.text(k.raw);
  f.raw_sha256 = record.text(k.raw_sha256);
  f.policy_version = record.text(k.policy_version);
  f.seq = record.integer(k.seq);
  f.index = record.integer(k.index);
  f.observed_at = record.integer(k.observed_at);
  f.received_at = record.integer(k.received_at);
  f.raw_bytes = record.integer(k.raw_bytes);
  f.has_reasons = record.texts(k.reasons, f.reasons);
  return f;
}

edge::GapFields gap_fields(Fields& record) {
  const Keys& k = keys();
  edge::GapFields f;
  f.uid = record.text(k.uid);
  f.site = record.text(k.site);
  f.device = record.text(k.device);
  f.reason = record.text(k.reason);
  f.seq = record.integer(k.seq);
  f.from_seq = record.integer(k.from_seq);
  f.to_seq = record.integer(k.to_seq);
  f.from_at = record.integer(k.from_at);
  f.to_at = record.integer(k.to_at);
  f.count = record.integer(k.count);
  return f;
}

edge::AmendFields amend_fields(Fields& record) {
  const Keys& k = keys();
  edge::AmendFields f;
  f.uid = record.text(k.uid);
  f.site = record.text(k.site);
  f.target = record.text(k.target);
  f.cause = record.text(k.cause);
  f.flag = record.text(k.flag);
  f.policy_version = record.text(k.policy_version);
  f.clock = record.text(k.clock);
  f.seq = record.integer(k.seq);
  f.observed_at = record.integer(k.observed_at);
  f.has_reasons = record.texts(k.reasons, f.reasons);
  return f;
}

edge::Verdict judge(const edge::ObservationFields& f, const edge::PolicyBook& book) {
  edge::QualityFacts facts;
  facts.site = f.site.text;
  facts.device = f.device.text;
  facts.type = f.type.text;
  facts.unit = f.unit.text;
  if (f.value.kind == edge::FieldText::Kind::kText) facts.value = f.value.text;
  return edge::judge(facts, book);
}

// What the rules say of one record.
struct RecordVerdict {
  static constexpr std::uint8_t kNoFlag = 255;
  std::string identity_hash;
  std::string code;  // why it is not taken; empty where it is
  std::string field;
  std::string message;
  std::optional<edge::Verdict> server;
  std::uint8_t flag = kNoFlag;
};

RecordVerdict refused(std::string_view code, std::string_view field, std::string message) {
  RecordVerdict verdict;
  verdict.code = code;
  verdict.field = field;
  verdict.message = std::move(message);
  return verdict;
}

RecordVerdict refused(const edge::Rejection& rejection) {
  return refused(edge::to_text(rejection.code), rejection.field, rejection.message);
}

RecordVerdict taken(std::string identity_hash) {
  RecordVerdict verdict;
  verdict.identity_hash = std::move(identity_hash);
  return verdict;
}

RecordVerdict check_observation(Fields& record, const edge::PolicyBook* book) {
  const edge::ObservationFields f = observation_fields(record);
  if (const auto wrong = edge::check_observation(f)) return refused(*wrong);
  RecordVerdict verdict = taken(edge::identity_of_observation(f.site.text, f.device.text, f.observed_at.value,
                                                              f.type.text, f.value.text, f.unit.text));
  if (book == nullptr) return verdict;
  verdict.server = judge(f, *book);
  const edge::Flag edge_flag = edge::flag_from(f.flag.text).value_or(edge::Flag::kInvalid);
  verdict.flag = static_cast<std::uint8_t>(edge::worse(edge_flag, verdict.server->flag));
  return verdict;
}

RecordVerdict check_gap(Fields& record) {
  const edge::GapFields f = gap_fields(record);
  if (const auto wrong = edge::check_gap(f)) return refused(*wrong);
  return taken(edge::identity_of_gap(f.device.text, f.from_seq.value, f.to_seq.value, f.count.value));
}

RecordVerdict check_amend(Fields& record) {
  const edge::AmendFields f = amend_fields(record);
  if (const auto wrong = edge::check_amend(f)) return refused(*wrong);
  const bool moved = f.observed_at.kind == edge::FieldInt::Kind::kInt;
  return taken(edge::identity_of_amend(f.target.text, f.cause.text, f.flag.text,
                                       moved ? std::to_string(f.observed_at.value) : std::string()));
}

// `book` may be null: then nothing is judged.
RecordVerdict check_record(PyObject* item, const edge::PolicyBook* book) {
  if (!PyDict_Check(item)) {
    return refused(edge::to_text(edge::RejectCode::kMalformed), "", "A record must be an object.");
  }
  Fields record(item);
  const edge::FieldText kind = record.text(keys().kind);
  if (kind.text == "observation") return check_observation(record, book);
  if (kind.text == "gap") return check_gap(record);
  if (kind.text == "amend") return check_amend(record);
  if (kind.text == "weighing" || kind.text == "scale_ticket") {
    return refused("not_supported_yet", "kind", "This server does not store weighings and tickets yet.");
  }
  return refused(edge::to_text(edge::RejectCode::kUnknownKind), "kind", "This kind of record is not known.");
}

struct BatchVerdict {
  py::list identity_hashes;
  py::list rejections;
  py::list verdicts;
  py::bytes flags;
};

BatchVerdict validate_batch(const py::list& records, const edge::PolicyBook& book) {
  BatchVerdict batch;
  std::string flags;
  // The size is read anew each time: odd values can change the list while it is walked.
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(records.ptr()); ++i) {
    const auto item = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(records.ptr(), i));
    const RecordVerdict verdict = check_record(item.ptr(), &book);
    flags.push_back(static_cast<char>(verdict.flag));
    if (!verdict.code.empty()) {
      batch.identity_hashes.append(py::none());
      batch.rejections.append(py::make_tuple(i, verdict.code, verdict.field, verdict.message));
      continue;
    }
    batch.identity_hashes.append(verdict.identity_hash);
    if (verdict.server && verdict.server->flag != edge::Flag::kOk) {
      batch.verdicts.append(py::make_tuple(i, edge::to_text(verdict.server->flag), verdict.server->reasons,
                                           verdict.server->policy_version));
    }
  }
  batch.flags = py::bytes(flags);
  return batch;
}

std::optional<std::string> identity_hash(const py::object& record) {
  RecordVerdict verdict = check_record(record.ptr(), nullptr);
  if (!verdict.code.empty()) return std::nullopt;
  return std::move(verdict.identity_hash);
}

// Policies come from our own gateway.config code: a wrong shape is a bug and raises.
std::optional<std::string> optional_text(const py::dict& from, const char* key) {
  if (!from.contains(key) || from[key].is_none()) return std::nullopt;
  if (!py::isinstance<py::str>(from[key])) throw py::value_error(std::string("policy: ") + key + " must be text");
  return from[key].cast<std::string>();
}

std::string text_or_empty(const py::dict& from, const char* key) { return optional_text(from, key).value_or(""); }

std::optional<std::string> limit(const py::handle& value, const char* key) {
  if (value.is_none()) return std::nullopt;
  if (!py::isinstance<py::str>(value)) throw py::value_error(std::string("policy: ") + key + " must hold text");
  auto text = value.cast<std::string>();
  if (!edge::is_decimal(text)) throw py::value_error(std::string("policy: ") + key + " is no decimal number");
  return text;
}

edge::Band band(const py::dict& from, const char* key) {
  edge::Band found;
  if (!from.contains(key) || from[key].is_none()) return found;
  const auto ends = from[key].cast<py::sequence>();
  if (ends.size() != 2) throw py::value_error(std::string("policy: ") + key + " must be [min, max]");
  found.min = limit(ends[0], key);
  found.max = limit(ends[1], key);
  return found;
}

std::optional<std::string> decimal(const py::dict& from, const char* key) {
  return from.contains(key) ? limit(from[key], key) : std::nullopt;
}

std::optional<long long> whole(const py::dict& from, const char* key) {
  if (!from.contains(key) || from[key].is_none()) return std::nullopt;
  return from[key].cast<long long>();
}

edge::Policy policy(const py::dict& from) {
  edge::Policy p;
  p.name = text_or_empty(from, "name");
  p.version = text_or_empty(from, "version");
  p.site = text_or_empty(from, "site");
  p.type = text_or_empty(from, "type");
  p.unit = text_or_empty(from, "unit");
  p.warning = band(from, "warning");
  p.critical = band(from, "critical");
  p.valid = band(from, "valid");
  p.rate_per_hour_max = decimal(from, "rate_per_hour_max");
  p.spike_max = decimal(from, "spike_max");
  p.flatline_hours = decimal(from, "flatline_hours");
  p.flatline_eps = decimal(from, "flatline_eps");
  p.clear_hysteresis = decimal(from, "clear_hysteresis");
  p.stale_after_min = whole(from, "stale_after_min");
  p.on_delay_s = whole(from, "on_delay_s");
  return p;
}

edge::PolicyBook make_book(const std::vector<py::dict>& policies,
                           std::optional<std::vector<std::pair<std::string, std::string>>> devices) {
  std::vector<edge::Policy> found;
  found.reserve(policies.size());
  try {
    for (const py::dict& each : policies) found.push_back(policy(each));
  } catch (const py::cast_error& error) {
    throw py::value_error(std::string("policy: ") + error.what());
  }
  edge::PolicyBook book(std::move(found));
  if (devices) book.set_devices(std::move(*devices));
  return book;
}

std::string uid_of_content(const std::string& site, const std::string& device, const std::string& metric, int index,
                           const std::string& payload) {
  return edge::uid_of_content({site, device, metric, index, payload});
}

// Longer or stranger than a day says late all the same.
std::chrono::milliseconds latency(double ms) {
  constexpr double kDay = 86'400'000;
  if (!(ms >= 0)) return std::chrono::milliseconds(std::isnan(ms) ? static_cast<long long>(kDay) : 0);
  return std::chrono::milliseconds(static_cast<long long>(std::ceil(ms < kDay ? ms : kDay)));
}

py::dict checks(const edge::HealthReport& report) {
  py::dict found;
  for (const auto& [check, passed] : report.checks()) found[py::str(check)] = passed;
  return found;
}

}  // namespace

PYBIND11_MODULE(_frappe_ext_native, m) {
  m.doc() = "Site Edge: the rules of protocols/record for the Frappe app.";
  keys();

  py::class_<edge::PolicyBook>(m, "Book").def(py::init(&make_book), py::arg("policies"),
                                              py::arg("devices") = py::none());

  py::class_<BatchVerdict>(m, "BatchVerdict")
      .def_readonly("identity_hashes", &BatchVerdict::identity_hashes)
      .def_readonly("rejections", &BatchVerdict::rejections)
      .def_readonly("verdicts", &BatchVerdict::verdicts)
      .def_readonly("flags", &BatchVerdict::flags);

  py::class_<edge::HealthReport>(m, "HealthReport")
      .def(py::init([](long long deadline_ms) { return edge::HealthReport(std::chrono::milliseconds(deadline_ms)); }),
           py::arg("deadline_ms") = 2000)
      .def(
          "add",
          [](edge::HealthReport& report, std::string_view check, bool passed, double latency_ms) {
            report.add(check, passed, latency(latency_ms));
          },
          py::arg("check"), py::arg("passed"), py::arg("latency_ms"))
      .def_property_readonly("healthy", &edge::HealthReport::healthy)
      .def_property_readonly("status", &edge::HealthReport::status)
      .def_property_readonly("http_status", &edge::HealthReport::http_status)
      .def_property_readonly("checks", &checks);

  m.def("validate_batch", &validate_batch, py::arg("records"), py::arg("book"));
  m.def("identity_hash", &identity_hash, py::arg("record"));
  m.def("uid_of_content", &uid_of_content, py::arg("site"), py::arg("device"), py::arg("metric"), py::arg("index"),
        py::arg("payload"));
  m.def("uid_of_sequence", &edge::uid_of_sequence, py::arg("gateway"), py::arg("epoch"), py::arg("kind"),
        py::arg("key"));
  m.def("version", [] { return EDGE_VERSION; });
}
