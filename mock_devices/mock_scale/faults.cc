#include "mock_devices/mock_scale/faults.h"

#include <algorithm>
#include <span>
#include <utility>

namespace edge::mock {

void Faults::add(Fault fault) {
  remove(fault.kind, fault.unit);
  faults_.push_back(std::move(fault));
}

void Faults::remove(std::string_view kind, std::optional<int> unit) {
  std::erase_if(faults_, [&](const Fault& f) { return f.kind == kind && (!unit || f.unit == unit); });
}

const Fault* Faults::take(std::optional<int> unit) {
  const auto known =
      unit ? std::span<const std::string_view>(kModbusFaults) : std::span<const std::string_view>(kStreamFaults);
  for (Fault& fault : faults_) {
    const bool concerns = std::find(known.begin(), known.end(), fault.kind) != known.end() &&
                          (!fault.unit || fault.unit == unit) && fault.count != fault.hits;
    if (concerns && ++fault.seen % fault.every == 0) {
      ++fault.hits;
      return &fault;
    }
  }
  return nullptr;
}

bool Faults::on(std::string_view kind) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.kind == kind; });
}

}  // namespace edge::mock
