#include <algorithm>

#include "agent/adapters/control_socket/command.h"

namespace edge::control {

Result<std::int64_t> whole(const Json& request, const char* key, std::int64_t fallback) {
  const auto found = request.find(key);
  if (found == request.end()) return fallback;
  if (!found->is_number_integer()) return fail(Errc::kMalformed, std::string(key) + " must be a whole number");
  return found->get<std::int64_t>();
}

Result<std::string> text(const Json& request, const char* key) {
  const auto found = request.find(key);
  if (found == request.end() || found->is_null()) return std::string();
  if (!found->is_string()) return fail(Errc::kMalformed, std::string(key) + " must be text");
  return found->get<std::string>();
}

Result<void> texts(const Json& request, std::initializer_list<TextField> fields) {
  for (const auto& [key, out] : fields) {
    auto read = text(request, key);
    if (!read) return tl::unexpected(read.error());
    *out = *std::move(read);
  }
  return {};
}

Result<Page> page_of(const Json& request) {
  const auto limit = whole(request, "limit", 50);
  const auto after = whole(request, "after", 0);
  if (!limit) return tl::unexpected(limit.error());
  if (!after) return tl::unexpected(after.error());
  return Page{static_cast<std::size_t>(std::clamp<std::int64_t>(*limit, 1, kListLimit)), *after};
}

Json record_json(const wire::Record& record) { return Json::parse(wire::encode(record)); }

}  // namespace edge::control
