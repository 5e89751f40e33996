#include "agent/adapters/frappe_sink/certificate_time.h"

#include <algorithm>

#include "protocols/record/time.h"

namespace edge {

std::string explain_certificate_time(std::string_view failure, std::int64_t now, std::int64_t known) {
  const std::int64_t passed = std::max(known, kNotBefore);
  if (now >= passed) return std::string(failure);
  return std::string(failure) + ": this gateway's clock says " + format_instant(now) + ", but " + format_instant(passed) +
         " has passed already: set the clock. Readings are kept meanwhile";
}

}  // namespace edge
