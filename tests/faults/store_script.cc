#include "tests/faults/store_script.h"

#include <algorithm>

#include "tests/faults/sim_time.h"
#include "tests/support/rows.h"
#include "tests/support/weighings.h"

namespace edge::test {
namespace {

constexpr std::int64_t kMs = 1'000'000;

/// Payloads are told apart by their number, over all runs of the program.
int next_number() {
  static int number = 1'000;
  return ++number;
}

}  // namespace

StoreScript::StoreScript(const StoreOptions& options, AckJournal& journal, std::mt19937_64& chance, Idle idle,
                         IsOver is_over)
    : options_(options), journal_(journal), chance_(chance), idle_(std::move(idle)), is_over_(std::move(is_over)) {}

StoreScript::~StoreScript() = default;

void StoreScript::build_backlog() {
  constexpr int kTwoLanes = 2'100;
  append(kTwoLanes);
}

bool StoreScript::open() {
  auto opened = SqliteStore::open(options_, clock_);
  if (!opened) {
    if (!is_over_()) faults_.push_back("open: " + opened.error().detail);
    return false;
  }
  store_ = std::move(*opened);
  if (options_.level == SyncLevel::kTimed) sim::await_threads(1);
  return !is_over_();
}

void StoreScript::step() {
  using Move = void (*)(StoreScript&);
  struct Chance {
    unsigned weight;
    Move move;
  };
  static constexpr Chance kMoves[] = {
      {40, [](StoreScript& s) { s.append(1); }},
      {10, [](StoreScript& s) { s.append(2 + static_cast<int>(s.chance_() % 20)); }},
      {3, [](StoreScript& s) { s.duplicate(); }},
      {12, [](StoreScript& s) { s.idle_(static_cast<std::int64_t>(1 + s.chance_() % 300) * kMs); }},
      {8, [](StoreScript& s) { s.take(); }},
      {10, [](StoreScript& s) { s.deliver(); }},
      {8, [](StoreScript& s) { s.weigh(); }},
      {4, [](StoreScript& s) { s.put(); }},
      {5, [](StoreScript& s) { s.finish(); }},
      {1, [](StoreScript& s) { s.make_void(); }},
      {3, [](StoreScript& s) { s.flush(); }},
      {1, [](StoreScript& s) { s.grant(); }},
      {4, [](StoreScript& s) { s.look(); }},
      {3, [](StoreScript& s) { s.clock_.advance(std::chrono::minutes(11)); }},
      {6, [](StoreScript& s) { s.store_->keep_house(std::chrono::milliseconds(20)); }},
      {1, [](StoreScript& s) { s.open_again(); }},
  };
  unsigned all = 0;
  for (const Chance& one : kMoves) all += one.weight;
  auto pick = static_cast<unsigned>(chance_() % all);
  clock_.advance(std::chrono::milliseconds(1 + chance_() % 40));
  for (const Chance& one : kMoves) {
    if (pick < one.weight) return one.move(*this);
    pick -= one.weight;
  }
}

void StoreScript::append(int count) {
  std::vector<NewObservation> rows;
  std::vector<std::string> raws;
  for (int n = 0; n < count; ++n) {
    rows.push_back(test::row(next_number(), clock_.utc_ms(), n));
    raws.push_back(rows.back().observation.raw);
  }
  const std::size_t batch = journal_.begin(raws);
  const Counters add{{"messages", 1}, {"decoded", 1}, {"readings", count}};
  // Half of them come out of a journal, acknowledged some ms before their commit: the promise counts from then.
  const bool before = options_.level == SyncLevel::kTimed && chance_() % 2 == 0;
  const std::int64_t ago_ms = before ? static_cast<std::int64_t>(chance_() % 25) : 0;
  const std::int64_t told_at = sim::now_ns() - ago_ms * 1'000'000;
  const auto stored = before ? store_->append_acknowledged(rows, add, ago_ms) : store_->append(rows, add);
  if (!stored && stored.error().code == Errc::kFull) return;  // said so: nothing was promised
  if (told(stored, "append")) journal_.acknowledge(batch, before ? told_at : sim::now_ns(), rows);
}

void StoreScript::duplicate() {
  ++journal_.duplicates;
  const auto stored = store_->append({}, {{"duplicate", 1}});
  if (told(stored, "append of none") && options_.level == SyncLevel::kEachCommit) ++journal_.duplicates_safe;
}

void StoreScript::take() {
  const std::size_t limit = 1 + chance_() % 60;
  const bool live = chance_() % 3 == 0;
  auto rows = live ? store_->pending_live(limit, clock_.utc_ms())
                   : store_->pending(limit, clock_.utc_ms(), chance_() % 4 == 0);
  if (!told(rows, "pending")) return;
  journal_.handed_out(*rows);
  out_ = std::move(*rows);
  if (live || out_.empty() || chance_() % 3 != 0) return;
  // As a drain does while a request is under way.
  auto behind = store_->pending_after(out_.back().id, limit, clock_.utc_ms());
  if (!told(behind, "pending behind")) return;
  journal_.handed_out(*behind);
  if (chance_() % 4 != 0) out_.insert(out_.end(), behind->begin(), behind->end());
}

void StoreScript::deliver() {
  if (out_.empty()) take();
  if (is_over_() || out_.empty()) return;
  std::vector<Outcome> outcomes;
  for (const PendingRow& row : out_) {
    if (chance_() % 20 == 0) continue;
    Outcome outcome;
    outcome.id = row.id;
    const auto fate = chance_() % 20;
    outcome.kind = fate == 0 ? Outcome::Kind::kDead : fate == 1 ? Outcome::Kind::kLater : Outcome::Kind::kSent;
    outcome.not_before = clock_.utc_ms() + 500;
    outcome.status = "rejected", outcome.code = "bad_value";
    outcomes.push_back(outcome);
    journal_.settled(outcome, row.observation.raw);
  }
  out_.clear();
  (void)told(store_->settle(outcomes, clock_.utc_ms()), "settle");
  if (chance_() % 8 == 0 && !is_over_()) (void)told(store_->requeue_all(""), "requeue");
}

void StoreScript::weigh() {
  std::optional<std::int64_t> ticket;
  std::string scale = wanted_scale();
  for (const auto& [id, open] : journal_.open) {
    if (open.second.empty() && !open.in_doubt && chance_() % 2 == 0) ticket = id, scale = "ws1";
  }
  const auto recorded = store_->record(test::weighing(clock_.utc_ms(), std::to_string(chance_() % 60'000), scale), ticket);
  if (!told(recorded, "record")) return;
  journal_.all_safe();
  journal_.weighed(*recorded);
  if (!ticket) return;
  auto& open = journal_.open[*ticket];
  (open.first.empty() ? open.first : open.second) = recorded->stamp.uid;
}

void StoreScript::put() {
  const auto made = store_->put(test::open_ticket(clock_.utc_ms()));
  if (!told(made, "put")) return;
  journal_.all_safe();
  journal_.open[made->id] = {};
}

void StoreScript::finish() {
  std::int64_t id = 0;
  for (auto& [known, open] : journal_.open) {
    if (!open.in_doubt) id = known;
  }
  if (id != 0) journal_.open[id].in_doubt = true;
  const auto made = store_->finish(id, test::ticket(clock_.utc_ms(), id != 0 ? "complete" : "correct"), "S1");
  if (!told(made, "finish")) return;
  journal_.all_safe();
  journal_.numbered(*made);
  journal_.open.erase(id);
}

void StoreScript::make_void() {
  if (journal_.tickets.empty()) return;
  wire::ScaleTicket target = test::ticket(1);
  target.stamp.uid = journal_.tickets.begin()->first;
  const auto made = store_->finish(0, test::void_of(target, clock_.utc_ms()), "");
  if (is_over_() || (!made && made.error().code == Errc::kRefused)) return;  // void already
  if (!told(made, "void")) return;
  journal_.all_safe();
  journal_.numbered(*made);
}

void StoreScript::flush() {
  if (told(store_->flush(), "flush")) journal_.all_safe();
}

void StoreScript::grant() {
  const std::string last = store_->identity().last_epoch;
  const std::string next = std::to_string(last.empty() ? 1 : std::stoll(last) + 1);
  if (!told(store_->grant_epoch(next), "grant_epoch")) return;
  journal_.all_safe();
  journal_.epoch = next;
}

void StoreScript::look() {
  (void)told(store_->save_config(R"({"version":")" + std::to_string(chance_()) + "\"}"), "save_config");
  const auto heads = store_->chain_heads();
  if (is_over_()) return;
  for (const wire::ChainHead& head : heads) {
    const auto links = store_->weighings(head.scale, 0, 1'000'000);
    if (!told(links, "weighings")) return;
    if (links->empty() || links->back().second.hash != head.hash) faults_.emplace_back("a head is not the newest link");
  }
  (void)told(store_->audit(), "audit");
}

void StoreScript::open_again() {
  out_.clear();
  store_.reset();
  if (is_over_()) return;
  journal_.all_safe();  // closing has synced what was left
  open();
}

}  // namespace edge::test
