// Excursions and re-judging: called with what the database holds, so a wrong type is a bug and raises.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frappe_ext/native/bind.h"
#include "protocols/record/excursion.h"
#include "protocols/record/observation.h"
#include "protocols/record/rejudge.h"

namespace py = pybind11;

namespace edge::native {
namespace {

using OptionalText = std::optional<std::string>;

std::optional<std::string_view> view(const OptionalText& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

bool ends(const PolicyBook& book, const std::string& site, const std::string& type, const std::string& code,
          const OptionalText& value) {
  return ends_excursion({site, type, code, view(value)}, book);
}

std::int64_t delay(const PolicyBook& book, const std::string& site, const std::string& type, const std::string& code) {
  return excursion_delay_ms(site, type, code, book);
}

/// What a stored row says; keys as in the .pyi.
py::dict rejudged(const PolicyBook& book, const py::dict& row) {
  const auto text = [&row](const char* key) { return row[key].cast<std::string>(); };
  const std::string site = text("site");
  const std::string device = text("device");
  const std::string type = text("type");
  const std::string unit = text("unit");
  const auto value = row["value"].cast<OptionalText>();
  const auto edge_flag = flag_from(text("edge_flag"));
  if (!edge_flag) throw py::value_error("edge_flag is no flag");
  QualityFacts facts;
  facts.site = site;
  facts.device = device;
  facts.type = type;
  facts.unit = unit;
  facts.value = view(value);
  const Rejudged result = rejudge(facts, {*edge_flag, row["edge_reasons"].cast<std::vector<std::string>>()}, book);
  py::dict answer;
  answer["server_flag"] = to_text(result.server.flag);
  answer["server_reasons"] = result.server.reasons;
  answer["policy_version"] = result.server.policy_version;
  answer["flag"] = to_text(result.flag);
  answer["reasons"] = result.reasons;
  return answer;
}

}  // namespace

void bind_excursions(py::module_& module) {
  module.def("excursion_matter", [](const std::string& code) { return std::string(excursion_matter(code)); },
             py::arg("code"));
  module.def("ends_excursion", &ends, py::arg("book"), py::arg("site"), py::arg("type"), py::arg("code"),
             py::arg("value"));
  module.def("excursion_delay_ms", &delay, py::arg("book"), py::arg("site"), py::arg("type"), py::arg("code"));
  module.def("excursion_quiet_ms", [](const std::string& type) { return excursion_quiet_ms(type); }, py::arg("type"));
  module.def("is_worse_peak", [](const std::string& matter, const std::string& value, const std::string& peak) {
    return is_worse_peak(matter, value, peak);
  }, py::arg("matter"), py::arg("value"), py::arg("peak"));
  module.def("rejudge", &rejudged, py::arg("book"), py::arg("row"));
}

}  // namespace edge::native
