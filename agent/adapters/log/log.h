#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace edge {

/// `text` on one line: controls, bidirectional overrides and bytes that are no UTF-8 as \xHH or \uHHHH.
std::string escape_for_log(std::string_view text);

/// Lets a recurring line through once, then again when it changes or every ten minutes with a count. Digits do not make
/// it another line: "after 12 ms" and "after 3071 ms" are one trouble. Not thread-safe.
class RepeatFilter {
 public:
  static constexpr std::int64_t kAgainMs = 600'000;
  static constexpr std::int64_t kBackMs = 60'000;  ///< a trouble that ended and is back before this is the same one
  static constexpr std::size_t kKeys = 1'000;      ///< then it forgets: keys may be made of text from outside
  /// What to write now; nothing = keep quiet. An empty `text` ends the trouble of `key` (nothing is written).
  std::optional<std::string> pass(std::string_view key, std::string_view text, std::int64_t now_ms);

 private:
  struct Last {
    std::string text;
    std::int64_t written_at = 0;
    std::int64_t held_back = 0;
    bool over = false;
  };
  std::map<std::string, Last, std::less<>> last_;
};

/// The one log: stderr, "text" or "json", everything escaped. Safe from any thread.
class Log {
 public:
  /// level: "debug" "info" "warning" "error"; format: "text" "json". `mono_ms` times the repeats.
  Log(std::string_view level, std::string_view format, std::function<std::int64_t()> mono_ms);
  ~Log();

  void set_level(std::string_view level);
  void debug(std::string_view text);
  void info(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);
  /// A warning that may come again and again, e.g. an uplink error; an empty text says it is over.
  void recurring(std::string_view key, std::string_view text);
  /// News that may come again and again, e.g. of a line that goes up and down: the same words once in ten minutes.
  /// "NAME: what happened": what happens to another name is other news.
  void news(std::string_view text);
  /// Before the process ends without destructors.
  void flush();

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace edge
