#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "agent/ports/sink.h"
#include "agent/ports/store.h"
#include "protocols/wire/answers.h"

namespace edge {

/// What a reply to ingest.submit means for the batch (wire.md §4).
enum class ReplyKind {
  kResults,   ///< 200 with one result per record, in order
  kStop,      ///< 401, 403: the gateway itself is turned away
  kBad,       ///< 400 by the method: somewhere in here is a record it cannot read
  kTooLarge,  ///< 413 by the method
  kSlowDown,  ///< 429
  kNotReady,  ///< 503 by the method: it says itself that it will come back
  kNotThere,  ///< 404, 417 by Frappe: the app, or one record it chokes on
  kTrouble,   ///< anything else: nobody said a word about the records
};

struct ReplyVerdict {
  ReplyKind kind = ReplyKind::kTrouble;
  bool by_method = false;  ///< our envelope was there
  std::string code;        ///< ours, or a word for what happened: "timeout" "unreadable" "http_502"
  std::string reason;      ///< for a person
  std::optional<std::chrono::milliseconds> retry_after;
  wire::SubmitAnswer answer;  ///< kResults
};

/// Pure. `rows`: what was sent, in order; an answer about anything else is unreadable.
ReplyVerdict judge_reply(const Reply& reply, std::span<const PendingRow> rows);

/// The server has the record.
bool is_taken(const wire::RecordResult& result);
/// No word on the record yet.
bool is_retry(const wire::RecordResult& result);
/// What a record was turned down with; a conflict has no code of its own.
std::string code_of(const wire::RecordResult& result);

}  // namespace edge
