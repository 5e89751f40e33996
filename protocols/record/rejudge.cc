#include "protocols/record/rejudge.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "protocols/record/reason.h"

namespace edge {
namespace {

/// Codes that judge() gives again where they still hold.
constexpr std::array<std::string_view, 11> kOfPolicy = {
    "valid_min",   "valid_max",     "critical_min",  "critical_max", "warning_min", "warning_max",
    "unit_missing", "unit_mismatch", "unknown_device", "no_policy",    "no_value"};
/// Codes that are never more than a Warning.
constexpr std::array<std::string_view, 2> kWarnings = {"bad_time", "spike"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& codes, std::string_view reason) {
  return std::find(codes.begin(), codes.end(), reason_code(reason)) != codes.end();
}

void add_once(std::vector<std::string>& reasons, const std::string& reason) {
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(reason);
}

}  // namespace

Rejudged rejudge(const QualityFacts& facts, const EdgeWord& edge, const PolicyBook& book) {
  Rejudged result;
  result.server = judge(facts, book);
  EdgeWord standing;
  for (const std::string& reason : edge.reasons) {
    if (is_one_of(kOfPolicy, reason)) continue;
    standing.flag = worse(standing.flag, is_one_of(kWarnings, reason) ? std::min(edge.flag, Flag::kWarning) : edge.flag);
    standing.reasons.push_back(reason);
  }
  result.flag = worse(result.server.flag, standing.flag);
  const bool server_first = result.server.flag > standing.flag;
  for (const auto* reasons : {server_first ? &result.server.reasons : &standing.reasons,
                              server_first ? &standing.reasons : &result.server.reasons}) {
    for (const std::string& reason : *reasons) add_once(result.reasons, reason);
  }
  return result;
}

}  // namespace edge
