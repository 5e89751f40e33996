#include "agent/app_intake.h"

#include <filesystem>
#include <string>
#include <utility>

namespace edge {

AppIntake::AppIntake(const Config& config, SqliteStore& store, Ingest& ingest, const Clock& clock, Log& log,
                     Intake::Fatal fatal)
    : ingest_(ingest) {
  const bool gathers = config.store.durability == Durability::kDefault;
  if (!gathers && !std::filesystem::exists(config.gateway.state_dir / "journal")) return;
  const std::int64_t position = journal_position(store.counters());
  auto journal =
      JournalFile::open(config.gateway.state_dir, position, [&log](std::string_view line) { log.error(line); });
  if (!journal) {
    log.error("messages are committed one by one: " + journal.error().detail);
    return;
  }
  journal_ = *std::move(journal);
  redelivered_ = position == 0;  // the store is not the one that took the journal's last messages
  intake_ = std::make_unique<Intake>(
      Intake::Parts{*journal_, store, ingest, ingest, clock, gathers}, std::move(fatal),
      [&log](std::string_view trouble) { log.recurring("journal", trouble); });
}

MessageSink& AppIntake::sink() {
  if (intake_) return *intake_;
  return ingest_;
}

void AppIntake::start() {
  if (intake_) intake_->start(redelivered_);
}

void AppIntake::release() {
  if (intake_) intake_->release();
}

void AppIntake::stop() {
  if (intake_) intake_->stop();
}

}  // namespace edge
