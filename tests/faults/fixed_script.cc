#include "tests/faults/fixed_script.h"

#include "tests/faults/sim_time.h"
#include "tests/support/rows.h"
#include "tests/support/weighings.h"

namespace edge::test {

void FixedScript::run() {
  for (int opening = 0; opening < 2; ++opening) {
    if (!open() && !open()) continue;  // a call that failed once does not twice
    append(1);
    append(3);
    weigh_a_load();
    deliver();
    if (done(store_->flush())) journal_.all_safe();
    append(5);
    live_a_day();
    ask();
    works_on();
    store_.reset();
  }
}

bool FixedScript::open() {
  auto opened = SqliteStore::open(options_, clock_);
  if (!done(opened)) return false;
  store_ = std::move(*opened);
  if (options_.level == SyncLevel::kTimed) sim::await_threads(1);
  return true;
}

void FixedScript::append(int count) {
  std::vector<NewObservation> rows;
  std::vector<std::string> raws;
  for (int n = 0; n < count; ++n) {
    rows.push_back(test::row(++number_, clock_.utc_ms(), n));
    raws.push_back(rows.back().observation.raw);
  }
  const std::size_t batch = journal_.begin(raws);
  if (done(store_->append(rows, {{"messages", 1}, {"decoded", 1}, {"readings", count}}))) {
    journal_.acknowledge(batch, sim::now_ns(), rows);
    return;
  }
  for (const NewObservation& row : rows) {
    if (!row.observation.uid.empty()) faults_.emplace_back("a row that was not stored has kept its uid");
  }
}

void FixedScript::weigh_a_load() {
  const auto open = store_->put(test::open_ticket(clock_.utc_ms()));
  if (!done(open)) return;
  journal_.all_safe();
  journal_.open[open->id] = {};
  const auto weighed = store_->record(test::weighing(clock_.utc_ms()), open->id);
  if (done(weighed)) {
    journal_.all_safe();
    journal_.weighed(*weighed);
    journal_.open[open->id].first = weighed->stamp.uid;
  }
  journal_.open[open->id].in_doubt = true;
  const auto finished = store_->finish(open->id, test::ticket(clock_.utc_ms()), "S1");
  if (!done(finished)) return;
  journal_.all_safe();
  journal_.numbered(*finished);
  journal_.open.erase(open->id);
}

void FixedScript::deliver() {
  for (const bool live : {true, false}) {
    const auto rows = live ? store_->pending_live(100, clock_.utc_ms()) : store_->pending(100, clock_.utc_ms(), true);
    if (!done(rows) || rows->empty()) continue;
    journal_.handed_out(*rows);
    std::vector<Outcome> outcomes;
    for (const PendingRow& row : *rows) {
      Outcome outcome;
      outcome.id = row.id;
      if (outcomes.size() == 1) outcome.kind = Outcome::Kind::kDead;
      if (outcomes.size() == 2) outcome.kind = Outcome::Kind::kLater;
      outcomes.push_back(outcome);
      journal_.settled(outcome, row.observation.raw);
    }
    (void)done(store_->settle(outcomes, clock_.utc_ms()));
  }
}

/// The clock of the store goes on by minutes, the disk's by the time its timer needs.
void FixedScript::live_a_day() {
  sim::sleep_ns(150'000'000);
  clock_.advance(std::chrono::minutes(11));
  deliver();
  clock_.advance(std::chrono::minutes(11));
  store_->keep_house(std::chrono::milliseconds(20));
  deliver();
  const std::string last = store_->identity().last_epoch;
  const std::string next = last.empty() ? "1" : std::to_string(std::stoll(last) + 1);
  if (done(store_->grant_epoch(next))) {
    journal_.all_safe();
    journal_.epoch = next;
  }
  weigh_a_load();
  sim::sleep_ns(150'000'000);
}

void FixedScript::ask() {
  (void)done(store_->save_config(R"({"version":"1"})"));
  (void)done(store_->load_config());
  (void)done(store_->requeue_all(""));
  (void)done(store_->audit());
  (void)done(store_->newest(100));
  (void)done(store_->list_pending(100, 0));
  (void)done(store_->tickets("", 10));
  (void)store_->chain_heads();
}

void FixedScript::works_on() {
  const std::size_t before = refused_;
  append(1);
  if (refused_ == before) return;
  append(1);  // one call that failed has failed one append
  if (refused_ == before + 2 && store_->size().failure.empty()) ++silent_;
}

}  // namespace edge::test
