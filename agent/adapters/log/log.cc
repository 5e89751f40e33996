#include "agent/adapters/log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "protocols/bytes.h"

namespace edge {
namespace {

/// Characters that move or hide what a reader sees.
bool is_deceptive(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

void append_hex(std::string& out, std::uint32_t code, int digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15U];
}

std::string without_digits(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return c >= '0' && c <= '9'; });
  return out;
}

}  // namespace

std::string escape_for_log(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto next = next_utf8(text, at);
    if (!next.valid || (is_deceptive(next.code) && next.code < 0x100)) {
      out += "\\x";
      append_hex(out, next.valid ? next.code : static_cast<unsigned char>(text[at]), 2);
    } else if (is_deceptive(next.code)) {
      out += "\\u";
      append_hex(out, next.code, 4);
    } else {
      out += text.substr(at, next.size);
    }
    at += next.size;
  }
  return out;
}

std::optional<std::string> RepeatFilter::pass(std::string_view key, std::string_view text, std::int64_t now_ms) {
  auto found = last_.find(key);
  if (text.empty()) {
    if (found != last_.end()) found->second.over = true;
    return std::nullopt;
  }
  if (found == last_.end()) {
    if (last_.size() >= kKeys) last_.clear();
    found = last_.emplace(std::string(key), Last{}).first;
  }
  auto& last = found->second;
  const bool was_over = std::exchange(last.over, false);
  std::string plain = without_digits(text);
  const bool same = last.text == plain;
  if (same && now_ms - last.written_at < (was_over ? kBackMs : kAgainMs)) {
    ++last.held_back;
    return std::nullopt;
  }
  std::string out(text);
  if (same && last.held_back > 0) out += " (" + std::to_string(last.held_back) + " times more)";
  last = {std::move(plain), now_ms, 0, false};
  return out;
}

struct Log::Body {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
  std::function<std::int64_t()> mono_ms;
  std::mutex mutex;
  RepeatFilter repeats;

  void write(spdlog::level::level_enum level, std::string_view text) {
    if (!logger->should_log(level)) return;
    auto line = escape_for_log(text);
    if (json) line = nlohmann::json(line).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    logger->log(level, spdlog::string_view_t(line.data(), line.size()));
  }
};

Log::Log(std::string_view level, std::string_view format, std::function<std::int64_t()> mono_ms)
    : body_(std::make_unique<Body>()) {
  body_->json = format == "json";
  body_->mono_ms = std::move(mono_ms);
  body_->logger = std::make_shared<spdlog::logger>("edge-agent", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  const std::string pattern =
      body_->json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  body_->logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  body_->logger->flush_on(spdlog::level::info);
  set_level(level);
}

Log::~Log() = default;

void Log::set_level(std::string_view level) {
  static constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 4> kLevels{
      {{"debug", spdlog::level::debug},
       {"info", spdlog::level::info},
       {"warning", spdlog::level::warn},
       {"error", spdlog::level::err}}};
  for (const auto& [name, value] : kLevels) {
    if (name == level) body_->logger->set_level(value);
  }
}

void Log::debug(std::string_view text) { body_->write(spdlog::level::debug, text); }
void Log::info(std::string_view text) { body_->write(spdlog::level::info, text); }
void Log::warning(std::string_view text) { body_->write(spdlog::level::warn, text); }
void Log::error(std::string_view text) { body_->write(spdlog::level::err, text); }

void Log::recurring(std::string_view key, std::string_view text) {
  std::optional<std::string> line;
  {
    const std::lock_guard lock(body_->mutex);
    line = body_->repeats.pass(key, text, body_->mono_ms());
  }
  if (line) warning(*line);
}

void Log::news(std::string_view text) {
  std::optional<std::string> line;
  {
    const std::lock_guard lock(body_->mutex);
    // Scale ws1 and scale ws2 are two: the digits of a name, up to the colon, count.
    const auto named = std::min(text.find(": "), text.size());
    const std::string key = std::string(text.substr(0, named)) + without_digits(text.substr(named));
    line = body_->repeats.pass(key, text, body_->mono_ms());
  }
  if (line) info(*line);
}

void Log::flush() { body_->logger->flush(); }

}  // namespace edge
