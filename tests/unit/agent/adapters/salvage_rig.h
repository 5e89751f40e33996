#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "agent/core/health.h"
#include "protocols/wire/records.h"
#include "tests/support/document_rig.h"

namespace edge::test {

/// A store that ends as kill -9 ends it, is damaged, and is opened again.
class SalvageRig : public DocumentRig {
 protected:
  std::filesystem::path file(const char* suffix = "") const {
    return dir_.path() / (std::string("edge.sqlite") + suffix);
  }

  /// The files as they are at this moment, without a proper end.
  void kill() {
    const auto image = dir_.path() / "image";
    std::filesystem::create_directory(image);
    for (const char* name : {"edge.sqlite", "edge.sqlite-wal", "epochs"}) {
      if (std::filesystem::exists(dir_.path() / name)) std::filesystem::copy_file(dir_.path() / name, image / name);
    }
    store_.reset();
    for (const char* suffix : {"", "-wal"}) std::filesystem::remove(file(suffix));
    for (const auto& entry : std::filesystem::directory_iterator(image)) {
      std::filesystem::rename(entry.path(), dir_.path() / entry.path().filename());
    }
    std::filesystem::remove(image);
  }

  void overwrite(std::uintmax_t at, const std::string& bytes, const char* suffix = "") const {
    std::fstream out(file(suffix), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(at));
    out << bytes;
  }

  std::vector<std::filesystem::path> kept(bool only_unfinished = false) const {
    std::vector<std::filesystem::path> dirs;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
      const bool done = std::filesystem::exists(entry.path() / "salvaged.txt");
      if (entry.path().filename().string().starts_with("corrupt-") && !(only_unfinished && done)) {
        dirs.push_back(entry.path());
      }
    }
    return dirs;
  }

  void wait_upkeep() const {
    for (int n = 0; n < 4'000; ++n) {
      const auto recovery = store_->identity().recovery;
      if (kept(true).empty() && recovery.salvaging.empty() && (!recovery.inspecting || !recovery.damage.empty())) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    FAIL() << "the upkeep does not come to an end";
  }

  /// What a record is to the server: its uid and everything in it.
  static std::string record_of(const PendingRow& row) {
    if (!row.document.empty()) return row.document;
    const Observation& o = row.observation;
    return wire::encode_observation({o.uid, row.seq, o.site, row.epoch}, o);
  }

  /// All that waits, oldest first.
  std::vector<PendingRow> waiting() {
    std::vector<PendingRow> all;
    for (;;) {
      const auto rows = store_->list_pending(500, all.empty() ? 0 : all.back().id);
      EXPECT_TRUE(rows);
      if (!rows || rows->empty()) return all;
      all.insert(all.end(), rows->begin(), rows->end());
    }
  }
  std::multimap<std::string, std::string> waiting_records() {
    std::multimap<std::string, std::string> records;
    for (const PendingRow& row : waiting()) records.emplace(row.observation.uid, record_of(row));
    return records;
  }

  /// All that waits by uid, settled as sent; false where the store gave out on the way.
  bool deliver(std::multimap<std::string, std::string>& to) {
    for (;;) {
      const auto rows = store_->pending(500, clock_.utc_ms(), false);
      if (!rows) return false;
      if (rows->empty()) return true;
      std::vector<Outcome> outcomes;
      for (const PendingRow& row : *rows) {
        to.emplace(row.observation.uid, record_of(row));
        outcomes.emplace_back();
        outcomes.back().id = row.id;
      }
      if (!store_->settle(outcomes, clock_.utc_ms())) return false;
    }
  }

  /// Lost rows that gap records tell of.
  static std::int64_t told(const std::multimap<std::string, std::string>& delivered) {
    std::int64_t count = 0;
    for (const auto& [uid, json] : delivered) {
      const auto record = wire::decode(json);
      const auto* const gap = record ? std::get_if<wire::Gap>(&*record) : nullptr;
      if (gap != nullptr) count += gap->count;
    }
    return count;
  }
};

}  // namespace edge::test
