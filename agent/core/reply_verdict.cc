#include "agent/core/reply_verdict.h"

#include <algorithm>
#include <utility>

#include "protocols/bytes.h"

namespace edge {
namespace {

/// Longest Retry-After that is obeyed: a proxy's slip must not silence a gateway for a day.
constexpr long long kLongestRetryAfterS = 3600;

bool answers(const wire::SubmitAnswer& answer, std::span<const PendingRow> rows) {
  return std::ranges::equal(answer.results, rows, {}, &wire::RecordResult::uid,
                            [](const PendingRow& row) -> const std::string& { return row.observation.uid; });
}

void judge_results(const Reply& reply, std::span<const PendingRow> rows, ReplyVerdict& verdict) {
  auto answer = wire::parse_submit_answer(reply.body);
  if (answer && answers(*answer, rows)) {
    verdict.kind = ReplyKind::kResults;
    verdict.answer = std::move(*answer);
    return;
  }
  verdict.code = "unreadable";
  verdict.reason = answer ? "the answer is about other records" : "the answer cannot be read: " + answer.error().detail;
}

// Every status that is not named here stays kTrouble, 400 and 409 without envelope among them: a proxy spoke, not the
// method, so nothing is known of the records and the same uids go again later.
ReplyKind kind_of(int http, bool by_method) {
  switch (http) {
    case 401:
    case 403:
      return ReplyKind::kStop;
    case 400:
      return by_method ? ReplyKind::kBad : ReplyKind::kTrouble;
    case 413:
      return by_method ? ReplyKind::kTooLarge : ReplyKind::kTrouble;
    case 429:
      return ReplyKind::kSlowDown;
    case 503:
      return by_method ? ReplyKind::kNotReady : ReplyKind::kTrouble;
    case 404:
    case 417:
      return by_method ? ReplyKind::kTrouble : ReplyKind::kNotThere;
    default:
      return ReplyKind::kTrouble;
  }
}

}  // namespace

ReplyVerdict judge_reply(const Reply& reply, std::span<const PendingRow> rows) {
  ReplyVerdict verdict;
  if (reply.retry_after_s && *reply.retry_after_s >= 0) {
    verdict.retry_after = std::chrono::seconds{std::min(*reply.retry_after_s, kLongestRetryAfterS)};
  }
  if (reply.http == 0 || !reply.failure.empty()) {
    verdict.code = reply.http == 0 ? "unreachable" : "unreadable";
    verdict.reason = reply.failure.empty() ? "no answer" : reply.failure;
    return verdict;
  }
  if (reply.http == 200) {
    judge_results(reply, rows, verdict);
    return verdict;
  }
  const auto refusal = wire::parse_refusal(reply.body);
  verdict.by_method = refusal.has_value();
  verdict.kind = kind_of(reply.http, verdict.by_method);
  const std::string status = "HTTP " + std::to_string(reply.http);
  if (refusal) {
    verdict.code = refusal->code;
    verdict.reason = status + ": " + one_line(refusal->detail.empty() ? refusal->code : refusal->detail, 200);
  } else {
    verdict.code = reply.http == 401 ? "unauthorized" : "http_" + std::to_string(reply.http);
    verdict.reason = status + " from the site or a proxy, not from the app";
  }
  return verdict;
}

bool is_taken(const wire::RecordResult& result) {
  return result.status == wire::RecordStatus::kStored || result.status == wire::RecordStatus::kDuplicate;
}

bool is_retry(const wire::RecordResult& result) { return result.status == wire::RecordStatus::kRetry; }

std::string code_of(const wire::RecordResult& result) {
  return result.code.empty() ? std::string(wire::to_text(result.status)) : result.code;
}

}  // namespace edge
