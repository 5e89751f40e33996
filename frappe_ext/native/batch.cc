// A batch is the list of dicts that Frappe's JSON reader made; it is walked through the C-API with interned keys
// (no STL casts of whole dicts, no second JSON reading). Any Python value may stand anywhere: what has another
// type than expected is handed to the rules as "other". Called with the GIL held throughout.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "frappe_ext/native/bind.h"
#include "frappe_ext/native/record_fields.h"
#include "protocols/record/identity.h"
#include "protocols/record/policy.h"
#include "protocols/record/quality.h"

namespace py = pybind11;

namespace edge::native {
namespace {

/// Who sends, and what judges.
struct Sender {
  std::string_view gateway, epoch;
  const PolicyBook* book = nullptr;  ///< null: nothing is judged
};

/// What the rules say of one record.
struct RecordVerdict {
  static constexpr std::uint8_t kNoFlag = 255;
  std::string identity_hash;
  std::string code;  ///< why it is not taken; empty where it is
  std::string field;
  std::string message;
  std::optional<Verdict> server;
  std::uint8_t flag = kNoFlag;
};

RecordVerdict refused(const Rejection& rejection) {
  RecordVerdict verdict;
  verdict.code = to_text(rejection.code);
  verdict.field = rejection.field;
  verdict.message = rejection.message;
  return verdict;
}

RecordVerdict taken(std::string identity_hash) {
  RecordVerdict verdict;
  verdict.identity_hash = std::move(identity_hash);
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

RecordVerdict check_as_observation(Fields& record, const PolicyBook* book) {
  const ObservationFields f = observation_fields(record);
  if (const auto wrong = check_observation(f)) return refused(*wrong);
  RecordVerdict verdict = taken(
      identity_of_observation(f.site.text, f.device.text, f.observed_at.value, f.type.text, f.value.text, f.unit.text));
  if (book == nullptr) return verdict;
  verdict.server = judge_by(*book, f);
  const Flag edge_flag = flag_from(f.flag.text).value_or(Flag::kInvalid);
  verdict.flag = static_cast<std::uint8_t>(worse(edge_flag, verdict.server->flag));
  return verdict;
}

RecordVerdict check_as_gap(Fields& record) {
  const GapFields f = gap_fields(record);
  if (const auto wrong = check_gap(f)) return refused(*wrong);
  return taken(identity_of_gap(f.device.text, f.from_seq.value, f.to_seq.value, f.count.value));
}

RecordVerdict check_as_amend(Fields& record) {
  const AmendFields f = amend_fields(record);
  if (const auto wrong = check_amend(f)) return refused(*wrong);
  const bool moved = f.observed_at.kind == FieldInt::Kind::kInt;
  return taken(identity_of_amend(f.target.text, f.cause.text, f.flag.text,
                                 moved ? std::to_string(f.observed_at.value) : std::string()));
}

RecordVerdict check_as_weighing(Fields& record, const Sender& sender) {
  const WeighingFields f = weighing_fields(record);
  if (const auto wrong = check_weighing(f, sender.gateway, sender.epoch)) return refused(*wrong);
  return taken(identity_of_weighing(f.hash.text));
}

RecordVerdict check_as_ticket(Fields& record, const Sender& sender) {
  const TicketFields f = ticket_fields(record);
  if (const auto wrong = check_ticket(f, sender.gateway, sender.epoch)) return refused(*wrong);
  // A void has none of these but the site: all the others are missing.
  return taken(identity_of_ticket({f.site.text, f.number.text, f.gross.text, f.tare.text, f.net.text,
                                   f.action.text == "void" ? std::string_view() : f.unit.text, f.gross_weighing.text,
                                   f.tare_weighing.text}));
}

RecordVerdict check_record(PyObject* item, const Sender& sender) {
  if (!PyDict_Check(item)) return refused({RejectCode::kMalformed, "", "A record must be an object."});
  Fields record(item);
  const FieldText kind = record.text(keys().kind);
  if (kind.text == "observation") return check_as_observation(record, sender.book);
  if (kind.text == "gap") return check_as_gap(record);
  if (kind.text == "amend") return check_as_amend(record);
  if (kind.text == "weighing") return check_as_weighing(record, sender);
  if (kind.text == "scale_ticket") return check_as_ticket(record, sender);
  return refused({RejectCode::kUnknownKind, "kind", "This kind of record is not known."});
}

struct BatchVerdict {
  py::list identity_hashes;
  py::list rejections;
  py::list verdicts;
  py::bytes flags;
};

BatchVerdict validate_batch(const py::list& records, const PolicyBook& book, const std::string& gateway,
                            const std::string& epoch) {
  BatchVerdict batch;
  std::string flags;
  // The size is read anew each time: odd values can change the list while it is walked.
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(records.ptr()); ++i) {
    const auto item = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(records.ptr(), i));
    const RecordVerdict verdict = check_record(item.ptr(), {gateway, epoch, &book});
    flags.push_back(static_cast<char>(verdict.flag));
    if (!verdict.code.empty()) {
      batch.identity_hashes.append(py::none());
      batch.rejections.append(py::make_tuple(i, verdict.code, verdict.field, verdict.message));
      continue;
    }
    batch.identity_hashes.append(verdict.identity_hash);
    if (verdict.server && verdict.server->flag != Flag::kOk) {
      batch.verdicts.append(
          py::make_tuple(i, to_text(verdict.server->flag), verdict.server->reasons, verdict.server->policy_version));
    }
  }
  batch.flags = py::bytes(flags);
  return batch;
}

std::optional<std::string> identity_hash(const py::object& record, const std::string& gateway,
                                         const std::string& epoch) {
  RecordVerdict verdict = check_record(record.ptr(), {gateway, epoch, nullptr});
  if (!verdict.code.empty()) return std::nullopt;
  return std::move(verdict.identity_hash);
}

std::string hash_of(const py::dict& record, const std::string& gateway, const std::string& epoch) {
  Fields fields(record.ptr());
  return hash_of_weighing(weighing_fields(fields), gateway, epoch);
}

}  // namespace

void bind_batch(py::module_& module) {
  py::class_<BatchVerdict>(module, "BatchVerdict")
      .def_readonly("identity_hashes", &BatchVerdict::identity_hashes)
      .def_readonly("rejections", &BatchVerdict::rejections)
      .def_readonly("verdicts", &BatchVerdict::verdicts)
      .def_readonly("flags", &BatchVerdict::flags);
  module.def("validate_batch", &validate_batch, py::arg("records"), py::arg("book"), py::arg("gateway") = "",
             py::arg("epoch") = "");
  module.def("identity_hash", &identity_hash, py::arg("record"), py::arg("gateway") = "", py::arg("epoch") = "");
  module.def("weighing_hash", &hash_of, py::arg("record"), py::arg("gateway"), py::arg("epoch"));
}

}  // namespace edge::native
