#pragma once
#include <functional>
#include <memory>

#include "agent/adapters/journal_file/journal_file.h"
#include "agent/adapters/log/log.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/config.h"
#include "agent/core/ingest.h"
#include "agent/core/intake.h"

namespace edge {

/// What stands between the MQTT source and the store: journal and intake at the default level of durability; at
/// `power-cut` nothing, but what a journal of before still holds goes in first.
class AppIntake {
 public:
  /// A journal that cannot be opened is told of in the log: the agent works without it, slower.
  AppIntake(const Config& config, SqliteStore& store, Ingest& ingest, const Clock& clock, Log& log, Intake::Fatal fatal);

  MessageSink& sink();
  /// After the window of uids is warm, before the sources.
  void start();
  /// Before the sources stop.
  void release();
  /// After them.
  void stop();

 private:
  Ingest& ingest_;
  std::unique_ptr<JournalFile> journal_;
  std::unique_ptr<Intake> intake_;
  bool redelivered_ = false;
};

}  // namespace edge
