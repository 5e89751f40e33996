#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/adapters/serial_source/serial_source.h"
#include "agent/ports/field.h"
#include "protocols/bytes.h"
#include "protocols/scale/describe.h"

namespace edge::test {

/// Notes what a source says and lets a test wait for it: "sample 38440 kg, gross, stable", "trouble <why>",
/// "log <line>", "tap <hex> <what>".
class Journal final : public ScaleSink {
 public:
  void sample(std::string_view scale, const WeightSample& sample, std::int64_t mono_ms) override {
    note("sample " + std::string(scale) + " " + scale::describe(sample) + " at " + std::to_string(mono_ms));
  }
  void trouble(std::string_view scale, std::string_view raw, std::string_view why, std::int64_t) override {
    note("trouble " + std::string(scale) + " [" + to_hex(raw) + "] " + std::string(why));
  }
  TapNote tap() {
    return [this](std::string_view source, std::string_view bytes, std::string_view what) {
      note("tap " + std::string(source) + " [" + to_hex(bytes) + "] " + std::string(what));
    };
  }
  std::function<void(std::string_view)> log() {
    return [this](std::string_view line) { note("log " + std::string(line)); };
  }

  /// Entries that contain `text`.
  std::size_t count(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    return count_locked(text);
  }
  /// Waits until `times` entries contain `text`; false after ten seconds.
  bool wait_for(std::string_view text, std::size_t times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_locked(text) >= times; });
  }
  /// Everything, for the words of a failed test.
  std::string all() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const auto& entry : entries_) text += entry + "\n";
    return text;
  }

 private:
  void note(std::string entry) {
    {
      const std::lock_guard lock(mutex_);
      entries_.push_back(std::move(entry));
    }
    changed_.notify_all();
  }
  std::size_t count_locked(std::string_view text) const {
    return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), [&](const std::string& entry) {
      return entry.find(text) != std::string::npos;
    }));
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

/// Waits until the status is `state` and its error contains `error`; false after ten seconds.
inline bool becomes(const SerialSource& source, std::string_view state, std::string_view error = "") {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < until) {
    const auto status = source.status();
    if (status.state == state && status.error.find(error) != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace edge::test
