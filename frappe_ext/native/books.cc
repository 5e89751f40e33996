// Policies come from our own gateway.config code: a wrong shape is a bug and raises.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frappe_ext/native/bind.h"
#include "protocols/record/decimal.h"
#include "protocols/record/policy.h"
#include "protocols/record/tolerance.h"

namespace py = pybind11;

namespace edge::native {
namespace {

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
  if (!is_decimal(text)) throw py::value_error(std::string("policy: ") + key + " is no decimal number");
  return text;
}

Band band(const py::dict& from, const char* key) {
  Band found;
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

Policy policy(const py::dict& from) {
  Policy p;
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

PolicyBook make_book(const std::vector<py::dict>& policies,
                     std::optional<std::vector<std::pair<std::string, std::string>>> devices) {
  std::vector<Policy> found;
  found.reserve(policies.size());
  try {
    for (const py::dict& each : policies) found.push_back(policy(each));
  } catch (const py::cast_error& error) {
    throw py::value_error(std::string("policy: ") + error.what());
  }
  PolicyBook book(std::move(found));
  if (devices) book.set_devices(std::move(*devices));
  return book;
}

TolerancePolicy tolerance(const py::dict& from) {
  TolerancePolicy p;
  p.name = text_or_empty(from, "name");
  p.version = text_or_empty(from, "version");
  p.site = text_or_empty(from, "site");
  if (auto pct = decimal(from, "tolerance_pct")) p.tolerance_pct = *std::move(pct);
  p.tolerance_kg = decimal(from, "tolerance_kg");
  p.from = whole(from, "from");
  p.to = whole(from, "to");
  p.tare_drift_pct = decimal(from, "tare_drift_pct");
  p.stored_tare_max_days = whole(from, "stored_tare_max_days");
  return p;
}

ToleranceBook make_tolerance_book(const std::vector<py::dict>& tolerances) {
  std::vector<TolerancePolicy> found;
  found.reserve(tolerances.size());
  try {
    for (const py::dict& each : tolerances) found.push_back(tolerance(each));
  } catch (const py::cast_error& error) {
    throw py::value_error(std::string("tolerance: ") + error.what());
  }
  return ToleranceBook(std::move(found));
}

}  // namespace

void bind_books(py::module_& module) {
  py::class_<PolicyBook>(module, "Book")
      .def(py::init(&make_book), py::arg("policies"), py::arg("devices") = py::none());
  py::class_<ToleranceBook>(module, "ToleranceBook").def(py::init(&make_tolerance_book), py::arg("tolerances"));
}

}  // namespace edge::native
