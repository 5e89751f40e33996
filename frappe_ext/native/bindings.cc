// Python bindings of protocols/record: conversion only, every rule is in the library.
#include <pybind11/pybind11.h>

#include <chrono>
#include <cmath>
#include <string>
#include <string_view>

#include "frappe_ext/native/bind.h"
#include "frappe_ext/native/fields.h"
#include "protocols/record/health_report.h"
#include "protocols/record/identity.h"

namespace py = pybind11;

namespace {

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
  edge::native::keys();

  edge::native::bind_books(m);
  edge::native::bind_batch(m);
  edge::native::bind_tickets(m);
  edge::native::bind_excursions(m);

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

  m.def("uid_of_content", &uid_of_content, py::arg("site"), py::arg("device"), py::arg("metric"), py::arg("index"),
        py::arg("payload"));
  m.def("uid_of_sequence", &edge::uid_of_sequence, py::arg("gateway"), py::arg("epoch"), py::arg("kind"),
        py::arg("key"));
  m.def("version", [] { return EDGE_VERSION; });
}
