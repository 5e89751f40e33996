#include "agent/core/reconcile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agent/core/reply_verdict.h"

namespace edge {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kNow{0};
constexpr milliseconds kIdle{1'000};
constexpr std::size_t kRead = 1'024;       ///< rows of one look into the store: a few ms
constexpr std::size_t kBlocksAtOnce = 16;  ///< of one step: delivery gets its turn between two
constexpr std::size_t kResend = 500;       ///< rows of one transaction
constexpr milliseconds kLongestBackoff{60'000};
constexpr std::int64_t kHarmlessForMs = 24LL * 3600 * 1000;

/// kUnavailable: perhaps later; anything else ends the job.
Error error_of(const ReplyVerdict& verdict) {
  switch (verdict.kind) {
    case ReplyKind::kNotThere:
      return {Errc::kRefused, "the server does not know ingest.reconcile: update the app there (" + verdict.reason + ")"};
    case ReplyKind::kStop:
    case ReplyKind::kBad:
    case ReplyKind::kTooLarge:
      return {Errc::kRefused, verdict.reason};
    default:
      return {Errc::kUnavailable, verdict.reason};
  }
}

bool is_same_block(const SentRow& a, const SentRow& b) {
  return a.epoch == b.epoch && wire::first_of_block(a.seq) == wire::first_of_block(b.seq);
}

}  // namespace

Reconciler::Reconciler(SentRows& rows, Sink& sink, const State& state, const Clock& clock, std::string gateway,
                       std::uint64_t seed)
    : rows_(rows),
      sink_(sink),
      state_(state),
      clock_(clock),
      gateway_(std::move(gateway)),
      backoff_(kFirstBackoff, kLongestBackoff, seed),
      watch_at_(clock.mono_ms() + kWatchEvery.count()) {}

Result<void> Reconciler::start(const ReconcileRequest& request) {
  const std::lock_guard lock(mutex_);
  if (status_.state == "running") return fail(Errc::kRefused, "one is running already: wait for it or cancel it");
  wanted_ = request;
  cancelled_ = false;
  status_ = {};
  status_.state = "running";
  status_.request = request;
  status_.started_at = clock_.utc_ms();
  return {};
}

void Reconciler::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = status_.state == "running";
}

ReconcileStatus Reconciler::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Reconciler::watch_soon() {
  const std::lock_guard lock(mutex_);
  soon_ = true;
}

std::int64_t Reconciler::missing_seen() const {
  const std::lock_guard lock(mutex_);
  return missing_seen_;
}

/// A person's order comes before a look of its own.
void Reconciler::take_job() {
  const std::int64_t now = clock_.mono_ms();
  const std::lock_guard lock(mutex_);
  if (std::exchange(soon_, false)) watch_at_ = std::min(watch_at_, now + kWatchSoon.count());
  if (std::exchange(cancelled_, false)) {
    job_.reset();
    wanted_.reset();
    status_.state = "cancelled";
    status_.ended_at = clock_.utc_ms();
  }
  if (wanted_) {
    job_ = Job{};
    job_->request = *std::exchange(wanted_, std::nullopt);
    job_->counts = status_;
  } else if (!job_ && now >= watch_at_) {
    watch_at_ = now + kWatchEvery.count();
    job_ = Job{};
    job_->watch = job_->shelf_done = true;
    job_->request.dry_run = true;
    job_->after = std::max<RowId>(rows_.newest_sent() - 2 * wire::kBlockSeqs, 0);
  } else {
    return;
  }
  next_at_ = 0;
  backoff_.reset();
}

milliseconds Reconciler::step() {
  take_job();
  const std::int64_t now = clock_.mono_ms();
  if (!job_) return std::min(kIdle, milliseconds{std::max<std::int64_t>(watch_at_ - now, 0)});
  if (now < next_at_) return milliseconds{next_at_ - now};
  if (job_->differing.empty() && job_->rows_done && job_->shelf_done) {
    finish("done", "");
    return kNow;
  }
  if (const auto done = work(); !done) return on_trouble(done.error());
  backoff_.reset();
  job_->counts.trouble.clear();
  publish();
  return kNow;
}

Result<void> Reconciler::work() {
  if (!job_->differing.empty()) return ask_block();
  if (!job_->rows_done) return job_->request.all ? resend_next() : compare_next();
  return documents();
}

bool Reconciler::is_in_range(const SentRow& row) const {
  const auto& request = job_->request;
  return row.received_at >= request.since.value_or(row.received_at) &&
         row.received_at <= request.until.value_or(row.received_at);
}

Reconciler::Block Reconciler::block_of(std::vector<SentRow> rows) const {
  Block block;
  block.epoch = rows.front().epoch;
  block.after = rows.front().id - 1;
  block.last = rows.back().id;
  std::vector<std::string> uids;
  uids.reserve(rows.size());
  for (SentRow& row : rows) {
    block.in_range = block.in_range || is_in_range(row);
    uids.push_back(std::move(row.uid));
  }
  block.sum = wire::sum_of_block(wire::first_of_block(rows.front().seq), uids);
  return block;
}

/// The next blocks of one epoch; `after` comes to stand behind the last of them.
Result<std::vector<Reconciler::Block>> Reconciler::read_blocks(RowId& after, bool& at_end) const {
  std::vector<Block> blocks;
  std::vector<SentRow> open;
  for (RowId read_to = after;;) {
    auto rows = rows_.sent_rows(read_to, kRead);
    if (!rows) return tl::unexpected(rows.error());
    at_end = rows->size() < kRead;
    for (SentRow& row : *rows) {
      read_to = row.id;
      if (!open.empty() && !is_same_block(open.front(), row)) {
        blocks.push_back(block_of(std::exchange(open, {})));
        const bool other_epoch = blocks.back().epoch != row.epoch;
        if (other_epoch || blocks.size() == kBlocksAtOnce) {
          at_end = false;
          after = blocks.back().last;
          return blocks;
        }
      }
      open.push_back(std::move(row));
    }
    if (!at_end) continue;
    if (!open.empty()) blocks.push_back(block_of(std::move(open)));
    if (!blocks.empty()) after = blocks.back().last;
    return blocks;
  }
}

/// For the look of its own: without a first block that was cut in the middle, and without those known to lack nothing.
void Reconciler::skip_harmless(std::vector<Block>& blocks) {
  if (!job_->watch) return;
  if (job_->after > 0 && job_->counts.blocks == 0 && blocks.size() > 1) blocks.erase(blocks.begin());
  const std::int64_t now = clock_.mono_ms();
  std::erase_if(harmless_, [now](const auto& known) { return now - known.second >= kHarmlessForMs; });
  std::erase_if(blocks, [this](const Block& block) { return harmless_.contains({block.epoch, block.sum.from}); });
}

Result<void> Reconciler::compare_next() {
  RowId after = job_->after;
  bool at_end = false;
  auto blocks = read_blocks(after, at_end);
  if (!blocks) return tl::unexpected(blocks.error());
  std::int64_t rows = 0;
  for (const Block& block : *blocks) rows += block.sum.count;
  skip_harmless(*blocks);
  std::erase_if(*blocks, [](const Block& block) { return !block.in_range; });
  if (!blocks->empty()) {
    std::vector<wire::BlockSum> sums;
    for (const Block& block : *blocks) sums.push_back(block.sum);
    const auto answer = ask(wire::encode_reconcile_blocks(head(blocks->front().epoch), sums));
    if (!answer) return tl::unexpected(answer.error());
    const auto differ = wire::parse_reconcile_differ(*answer);
    if (!differ) return tl::unexpected(Error{Errc::kUnavailable, differ.error().detail});
    job_->counts.blocks += static_cast<std::int64_t>(blocks->size());
    for (Block& block : *blocks) {
      if (std::ranges::find(*differ, block.sum.from) != differ->end()) job_->differing.push_back(std::move(block));
    }
    job_->counts.differ += static_cast<std::int64_t>(job_->differing.size());
  }
  job_->counts.rows += rows;
  job_->after = after;
  job_->rows_done = at_end;
  return {};
}

Result<void> Reconciler::ask_block() {
  const Block& block = job_->differing.front();
  std::vector<SentRow> rows;
  for (RowId after = block.after; after < block.last;) {
    auto read = rows_.sent_rows(after, kRead);
    if (!read) return tl::unexpected(read.error());
    if (read->empty()) break;
    after = read->back().id;
    for (SentRow& row : *read) {
      if (row.id <= block.last && is_in_range(row)) rows.push_back(std::move(row));
    }
  }
  auto missing = lacking(std::move(rows));
  if (!missing) return tl::unexpected(missing.error());
  if (missing->empty()) harmless_[{block.epoch, block.sum.from}] = clock_.mono_ms();
  if (auto sent = send_again(*std::move(missing)); !sent) return sent;
  job_->differing.pop_front();
  return {};
}

/// `all`: whatever is in the range goes again, and the server says duplicate to what it has.
Result<void> Reconciler::resend_next() {
  auto rows = rows_.sent_rows(job_->after, kResend);
  if (!rows) return tl::unexpected(rows.error());
  const std::size_t read = rows->size();
  const RowId last = rows->empty() ? job_->after : rows->back().id;
  std::erase_if(*rows, [this](const SentRow& row) { return !is_in_range(row); });
  if (auto sent = send_again(*std::move(rows)); !sent) return sent;
  job_->counts.rows += static_cast<std::int64_t>(read);
  job_->after = last;
  job_->rows_done = read < kResend;
  return {};
}

/// Weighings and tickets outlive their rows: they are asked for by uid, whatever their age.
Result<void> Reconciler::documents() {
  auto page = rows_.sent_documents(job_->shelf, kRead);
  if (!page) return tl::unexpected(page.error());
  const auto read = static_cast<std::int64_t>(page->rows.size());
  std::erase_if(page->rows, [this](const SentRow& row) { return !is_in_range(row); });
  if (!job_->request.all) {
    auto missing = lacking(std::move(page->rows));
    if (!missing) return tl::unexpected(missing.error());
    page->rows = *std::move(missing);
  }
  if (auto sent = send_again(std::move(page->rows)); !sent) return sent;
  job_->counts.rows += read;
  job_->shelf = page->next;
  job_->shelf_done = !page->more;
  return {};
}

/// Those of `rows` that the server says it lacks.
Result<std::vector<SentRow>> Reconciler::lacking(std::vector<SentRow> rows) {
  if (rows.empty()) return rows;
  std::set<std::string> uids;
  for (const SentRow& row : rows) uids.insert(row.uid);
  const std::vector<std::string> asked(uids.begin(), uids.end());
  const auto answer = ask(wire::encode_reconcile_uids(head(rows.front().epoch), asked));
  if (!answer) return tl::unexpected(answer.error());
  const auto missing = wire::parse_reconcile_missing(*answer);
  if (!missing) return tl::unexpected(Error{Errc::kUnavailable, missing.error().detail});
  // One row of a uid is enough: its twin is on the server with it.
  std::set<std::string> wanted(missing->begin(), missing->end());
  std::erase_if(rows, [&](const SentRow& row) { return wanted.erase(row.uid) == 0; });
  return rows;
}

Result<void> Reconciler::send_again(std::vector<SentRow> rows) {
  const std::span<const SentRow> all(rows);
  std::int64_t resent = 0;
  for (std::size_t at = 0; at < all.size() && !job_->request.dry_run; at += kResend) {
    const auto count = rows_.resend(all.subspan(at, std::min(kResend, all.size() - at)));
    if (!count) return tl::unexpected(count.error());
    resent += *count;
  }
  job_->counts.missing += static_cast<std::int64_t>(rows.size());
  job_->counts.resent += resent;
  return {};
}

wire::ReconcileHead Reconciler::head(const std::string& epoch) const {
  return {gateway_, epoch, state_.identity().instance};
}

Result<std::string> Reconciler::ask(const std::string& body) {
  Reply reply = sink_.reconcile(body);
  if (reply.http == 200 && reply.failure.empty()) return std::move(reply.body);
  const ReplyVerdict verdict = judge_reply(reply, {});
  if (verdict.retry_after) next_at_ = clock_.mono_ms() + verdict.retry_after->count();
  return tl::unexpected(error_of(verdict));
}

milliseconds Reconciler::on_trouble(const Error& error) {
  const bool may_pass = error.code == Errc::kUnavailable && backoff_.failures() < kTries && !job_->watch;
  if (!may_pass) {
    finish("failed", error.detail);
    return kNow;
  }
  const std::int64_t now = clock_.mono_ms();
  next_at_ = std::max(next_at_, now + backoff_.next().count());
  job_->counts.trouble = error.detail;
  publish();
  return milliseconds{next_at_ - now};
}

void Reconciler::finish(std::string_view state, const std::string& trouble) {
  job_->counts.state = state;
  job_->counts.trouble = trouble;
  job_->counts.ended_at = clock_.utc_ms();
  publish();
  {
    const std::lock_guard lock(mutex_);
    const bool whole = job_->watch || (!job_->request.since && !job_->request.until && !job_->request.all);
    if (state == "done" && whole) missing_seen_ = job_->counts.missing - job_->counts.resent;
  }
  job_.reset();
}

void Reconciler::publish() {
  if (job_->watch) return;
  const std::lock_guard lock(mutex_);
  status_ = job_->counts;
}

}  // namespace edge
