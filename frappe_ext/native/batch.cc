// A batch is the list of dicts that Frappe's JSON reader made; it is walked through the C-API (no STL casts of whole
// dicts, no second JSON reading). Any Python value may stand anywhere: what has another type than expected is handed to
// the rules as "other". While the records are read nothing runs Python code; objects of the answer are made afterwards.
//
// The GIL is held throughout: all but the hashes works on Python objects, and a thread that gives the
// GIL away waits up to the switch interval until it has it back, longer than the hashes of a batch take.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frappe_ext/native/bind.h"
#include "frappe_ext/native/record_fields.h"
#include "frappe_ext/native/record_values.h"
#include "protocols/record/identity.h"
#include "protocols/record/policy.h"
#include "protocols/record/quality.h"

namespace py = pybind11;

namespace edge::native {
namespace {

/// Who sends, what judges, and what is asked.
struct Questions {
  std::string_view gateway, epoch;
  const PolicyBook* book = nullptr;  ///< null: nothing is judged
  bool identities = true;
};

/// What the rules say of one record.
struct RecordVerdict {
  static constexpr std::uint8_t kNoFlag = 255;
  std::optional<Rejection> wrong;
  std::string identity_hash;
  std::optional<Verdict> server;
  std::uint8_t flag = kNoFlag;
};

RecordVerdict refused(Rejection rejection) {
  RecordVerdict verdict;
  verdict.wrong = std::move(rejection);
  return verdict;
}

Verdict judge_by(const PolicyBook& book, const ObservationFields& f) {
  QualityFacts facts;
  facts.site = f.site.text;
  facts.device = f.device.text;
  facts.type = f.type.text;
  facts.unit = f.unit.text;
  if (f.value.kind == FieldText::Kind::kText) facts.value = f.value.text;
  return judge(facts, book);
}

RecordVerdict check_as_observation(const RecordValues& record, const Questions& ask) {
  const ObservationFields f = observation_fields(record);
  if (auto wrong = check_observation(f)) return refused(*std::move(wrong));
  RecordVerdict verdict;
  if (ask.identities) {
    verdict.identity_hash = identity_of_observation(f.site.text, f.device.text, f.observed_at.value, f.type.text,
                                                    f.value.text, f.unit.text);
  }
  if (ask.book == nullptr) return verdict;
  verdict.server = judge_by(*ask.book, f);
  const Flag edge_flag = flag_from(f.flag.text).value_or(Flag::kInvalid);
  verdict.flag = static_cast<std::uint8_t>(worse(edge_flag, verdict.server->flag));
  return verdict;
}

RecordVerdict check_as_gap(const RecordValues& record) {
  const GapFields f = gap_fields(record);
  if (auto wrong = check_gap(f)) return refused(*std::move(wrong));
  RecordVerdict verdict;
  verdict.identity_hash = identity_of_gap(f.device.text, f.from_seq.value, f.to_seq.value, f.count.value);
  return verdict;
}

RecordVerdict check_as_amend(const RecordValues& record) {
  const AmendFields f = amend_fields(record);
  if (auto wrong = check_amend(f)) return refused(*std::move(wrong));
  const bool moved = f.observed_at.kind == FieldInt::Kind::kInt;
  RecordVerdict verdict;
  verdict.identity_hash = identity_of_amend(f.target.text, f.cause.text, f.flag.text,
                                            moved ? std::to_string(f.observed_at.value) : std::string());
  return verdict;
}

RecordVerdict check_as_weighing(const RecordValues& record, const Questions& ask) {
  const WeighingFields f = weighing_fields(record);
  if (auto wrong = check_weighing(f, ask.gateway, ask.epoch)) return refused(*std::move(wrong));
  RecordVerdict verdict;
  verdict.identity_hash = identity_of_weighing(f.hash.text);
  return verdict;
}

RecordVerdict check_as_ticket(const RecordValues& record, const Questions& ask) {
  const TicketFields f = ticket_fields(record);
  if (auto wrong = check_ticket(f, ask.gateway, ask.epoch)) return refused(*std::move(wrong));
  RecordVerdict verdict;
  // A void has none of these but the site: all the others are missing.
  verdict.identity_hash = identity_of_ticket({f.site.text, f.number.text, f.gross.text, f.tare.text, f.net.text,
                                              f.action.text == "void" ? std::string_view() : f.unit.text,
                                              f.gross_weighing.text, f.tare_weighing.text});
  return verdict;
}

/// `record` is room to read into.
RecordVerdict check_record(PyObject* item, RecordValues& record, const Questions& ask) {
  if (!PyDict_Check(item)) return refused({RejectCode::kMalformed, "", "A record must be an object."});
  record.read(item);
  const FieldText kind = record.text(Key::kind);
  if (kind.text == "observation") return check_as_observation(record, ask);
  if (kind.text == "gap") return check_as_gap(record);
  if (kind.text == "amend") return check_as_amend(record);
  if (kind.text == "weighing") return check_as_weighing(record, ask);
  if (kind.text == "scale_ticket") return check_as_ticket(record, ask);
  return refused({RejectCode::kUnknownKind, "kind", "This kind of record is not known."});
}

struct BatchVerdict {
  py::list identity_hashes;
  py::list rejections;
  py::list verdicts;
  py::bytes flags;
};

/// What a batch comes to, before it is made of Python objects.
struct Findings {
  std::string flags;
  std::vector<std::string> identity_hashes;  ///< empty = there is none
  std::vector<std::pair<std::size_t, Rejection>> rejections;
  std::vector<std::pair<std::size_t, Verdict>> verdicts;

  void add(RecordVerdict verdict) {
    const std::size_t index = flags.size();
    flags.push_back(static_cast<char>(verdict.flag));
    identity_hashes.push_back(std::move(verdict.identity_hash));
    if (verdict.wrong) rejections.emplace_back(index, *std::move(verdict.wrong));
    if (verdict.server && verdict.server->flag != Flag::kOk) verdicts.emplace_back(index, *std::move(verdict.server));
  }
};

Findings findings_of(PyObject* records, const Questions& ask) {
  const Py_ssize_t count = PyList_GET_SIZE(records);
  Findings found;
  found.flags.reserve(static_cast<std::size_t>(count));
  found.identity_hashes.reserve(static_cast<std::size_t>(count));
  RecordValues record;
  for (Py_ssize_t i = 0; i < count; ++i) found.add(check_record(PyList_GET_ITEM(records, i), record, ask));
  return found;
}

/// Identity hashes are ASCII; they are put into their objects without decoding.
py::object hash_or_none(const std::string& hash) {
  if (hash.empty()) return py::none();
  auto made = py::reinterpret_steal<py::object>(PyUnicode_New(static_cast<Py_ssize_t>(hash.size()), 0x7f));
  if (!made) throw py::error_already_set();
  std::memcpy(PyUnicode_1BYTE_DATA(made.ptr()), hash.data(), hash.size());
  return made;
}

py::list hashes_or_none(const std::vector<std::string>& hashes) {
  py::list made(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    PyList_SET_ITEM(made.ptr(), static_cast<Py_ssize_t>(i), hash_or_none(hashes[i]).release().ptr());
  }
  return made;
}

BatchVerdict validate_batch(const py::list& records, const PolicyBook& book, std::string_view gateway,
                            std::string_view epoch, bool identities) {
  const Findings found = findings_of(records.ptr(), {gateway, epoch, &book, identities});
  BatchVerdict batch;
  batch.flags = py::bytes(found.flags);
  batch.identity_hashes = hashes_or_none(found.identity_hashes);
  for (const auto& [index, wrong] : found.rejections) {
    batch.rejections.append(py::make_tuple(index, to_text(wrong.code), wrong.field, wrong.message));
  }
  for (const auto& [index, server] : found.verdicts) {
    batch.verdicts.append(py::make_tuple(index, to_text(server.flag), server.reasons, server.policy_version));
  }
  return batch;
}

std::optional<std::string> identity_hash(const py::object& record, std::string_view gateway, std::string_view epoch) {
  RecordValues values;
  RecordVerdict verdict = check_record(record.ptr(), values, {gateway, epoch, nullptr});
  if (verdict.wrong) return std::nullopt;
  return std::move(verdict.identity_hash);
}

std::string hash_of(const py::dict& record, std::string_view gateway, std::string_view epoch) {
  RecordValues values;
  values.read(record.ptr());
  return hash_of_weighing(weighing_fields(values), gateway, epoch);
}

}  // namespace

void bind_batch(py::module_& module) {
  py::class_<BatchVerdict>(module, "BatchVerdict")
      .def_readonly("identity_hashes", &BatchVerdict::identity_hashes)
      .def_readonly("rejections", &BatchVerdict::rejections)
      .def_readonly("verdicts", &BatchVerdict::verdicts)
      .def_readonly("flags", &BatchVerdict::flags);
  module.def("validate_batch", &validate_batch, py::arg("records"), py::arg("book"), py::arg("gateway") = "",
             py::arg("epoch") = "", py::arg("identities") = true);
  module.def("identity_hash", &identity_hash, py::arg("record"), py::arg("gateway") = "", py::arg("epoch") = "");
  module.def("weighing_hash", &hash_of, py::arg("record"), py::arg("gateway"), py::arg("epoch"));
}

}  // namespace edge::native
