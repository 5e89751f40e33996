// Tickets come from our own code: a wrong type is a bug and raises. A wrong weight is text and is judged.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "frappe_ext/native/bind.h"
#include "frappe_ext/native/fields.h"
#include "protocols/record/decimal.h"
#include "protocols/record/mismatch.h"
#include "protocols/record/ticket.h"
#include "protocols/record/weight.h"

namespace py = pybind11;

namespace edge::native {
namespace {

/// The same as Fields, but what is of another type raises TypeError.
class Facts {
 public:
  Facts(const char* name, const py::dict& dict) : name_(name), fields_(dict.ptr()) {}

  std::string_view text(PyObject* key) {
    const FieldText field = fields_.text(key);
    if (field.kind == FieldText::Kind::kOther) wrong(key, "text");
    return field.text;
  }
  std::int64_t integer(PyObject* key) {
    const FieldInt field = fields_.integer(key);
    if (field.kind != FieldInt::Kind::kInt) wrong(key, "an integer");
    return field.value;
  }
  /// True, False or a Check of Frappe (0 or 1); missing is false.
  bool boolean(PyObject* key) {
    const FieldBool field = fields_.boolean(key);
    if (field.kind != FieldBool::Kind::kOther) return field.value;
    return integer(key) != 0;
  }

 private:
  [[noreturn]] void wrong(PyObject* key, const char* what) {
    throw py::type_error(std::string(name_) + ": " + std::string(*utf8(key)) + " must be " + what);
  }

  const char* name_;
  Fields fields_;
};

std::optional<Facts> facts_if(const char* name, const std::optional<py::dict>& dict) {
  if (!dict) return std::nullopt;
  return std::optional<Facts>(std::in_place, name, *dict);
}

WeighingFacts weighing_facts(Facts& stored) {
  const Keys& k = keys();
  WeighingFacts facts;
  facts.scale = stored.text(k.scale), facts.value = stored.text(k.value), facts.unit = stored.text(k.unit);
  facts.stability = stored.text(k.stability), facts.override_reason = stored.text(k.override_reason);
  facts.manual = stored.boolean(k.manual);
  facts.at = stored.integer(k.at);
  return facts;
}

TicketFacts::Origin origin_from(std::string_view text) {
  if (text == "edge") return TicketFacts::Origin::kEdge;
  if (text == "desk") return TicketFacts::Origin::kDesk;
  if (text == "csv") return TicketFacts::Origin::kCsv;
  throw py::value_error("origin must be edge, desk or csv");
}

TicketFacts ticket_facts(Facts& ticket) {
  const Keys& k = keys();
  TicketFacts facts;
  facts.site = ticket.text(k.site), facts.scale = ticket.text(k.scale), facts.unit = ticket.text(k.unit);
  facts.at = ticket.integer(k.at);
  facts.gross = ticket.text(k.gross), facts.tare = ticket.text(k.tare), facts.net = ticket.text(k.net);
  facts.declared_net_kg = ticket.text(k.declared_net_kg);
  facts.manual = ticket.boolean(k.manual);
  facts.stability = ticket.text(k.stability), facts.direction = ticket.text(k.direction);
  facts.gross_weighing = ticket.text(k.gross_weighing), facts.tare_weighing = ticket.text(k.tare_weighing);
  return facts;
}

TicketVerdict judge(const py::dict& ticket, const std::optional<py::dict>& gross_stored,
                    const std::optional<py::dict>& tare_stored, const ToleranceBook& book, std::string_view origin) {
  Facts of_ticket("ticket", ticket);
  std::optional<Facts> of_gross = facts_if("gross_stored", gross_stored);
  std::optional<Facts> of_tare = facts_if("tare_stored", tare_stored);
  TicketFacts facts = ticket_facts(of_ticket);
  facts.origin = origin_from(origin);
  if (of_gross) facts.gross_stored = weighing_facts(*of_gross);
  if (of_tare) facts.tare_stored = weighing_facts(*of_tare);
  return judge_ticket(facts, book);
}

std::optional<std::string> decimal_text(std::string_view written) {
  DecimalText decimal = to_decimal(written);
  if (decimal.fault != DecimalFault::kNone) return std::nullopt;
  return std::move(decimal.text);
}

std::optional<std::string> kg_of(std::string_view value, std::string_view unit) {
  const auto weight = weight_from(to_decimal(value).text);
  const auto grams = weight ? to_grams(*weight, unit) : std::nullopt;
  if (!grams) return std::nullopt;
  return kg_text(*grams);
}

std::optional<std::pair<std::string_view, std::int64_t>> number_parts(std::string_view number) {
  const auto parts = parse_ticket_number(number);
  if (!parts) return std::nullopt;
  return std::pair(parts->series, parts->serial);
}

}  // namespace

void bind_tickets(py::module_& module) {
  py::class_<TicketVerdict>(module, "TicketVerdict")
      .def_readonly("mismatch", &TicketVerdict::mismatch)
      .def_readonly("nonconformance", &TicketVerdict::nonconformance)
      .def_readonly("reasons", &TicketVerdict::reasons)
      .def_readonly("gross_kg", &TicketVerdict::gross_kg)
      .def_readonly("tare_kg", &TicketVerdict::tare_kg)
      .def_readonly("net", &TicketVerdict::net)
      .def_readonly("net_kg", &TicketVerdict::net_kg)
      .def_readonly("difference_kg", &TicketVerdict::difference_kg)
      .def_readonly("difference_pct", &TicketVerdict::difference_pct)
      .def_readonly("tolerance_pct", &TicketVerdict::tolerance_pct)
      .def_readonly("policy_version", &TicketVerdict::policy_version);
  module.def("judge_ticket", &judge, py::arg("ticket"), py::arg("gross_stored"), py::arg("tare_stored"),
             py::arg("book"), py::arg("origin") = "edge");
  module.def("is_nonconformance", &is_nonconformance, py::arg("reason"));
  module.def("decimal_text", &decimal_text, py::arg("written"));
  module.def("kg_text", &kg_of, py::arg("value"), py::arg("unit"));
  module.def("parse_ticket_number", &number_parts, py::arg("number"));
}

}  // namespace edge::native
