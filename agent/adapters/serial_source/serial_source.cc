#include "agent/adapters/serial_source/serial_source.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "agent/adapters/serial_source/link.h"
#include "agent/adapters/serial_source/port_settings.h"
#include "agent/core/backoff.h"
#include "agent/core/line_settings.h"
#include "protocols/scale/decoder.h"
#include "protocols/scale/describe.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A re-plugged adapter is there again soon.
constexpr auto kFirstRetry = milliseconds(250);

const scale::Profile& profile_of(const SerialSourceSettings& settings) {
  const auto* const profile = scale::find_profile(settings.profile);
  if (profile == nullptr)
    throw std::runtime_error("scale " + settings.scale + ": no profile \"" + settings.profile + "\"");
  return *profile;
}

LineSettings line_of(const SerialSourceSettings& settings) {
  const auto line = read_line_settings(settings.line.empty() ? profile_of(settings).line : settings.line);
  if (!line) throw std::runtime_error("scale " + settings.scale + ": line " + line.error().detail);
  return *line;
}

}  // namespace

struct SerialSource::Body {
  Body(SerialSourceSettings given, ScaleSink& scale_sink, const Clock& the_clock, TapNote on_tap,
       std::function<void(std::string_view)> on_log)
      : settings(std::move(given)),
        line(line_of(settings)),
        sink(scale_sink),
        clock(the_clock),
        tap(std::move(on_tap)),
        log(std::move(on_log)),
        decoder(profile_of(settings).make()) {
    status.name = "scale " + settings.scale;
    set_status("down", "not opened yet");
  }

  void run();
  Result<Descriptor> open();
  /// Hands on what comes until the link is lost (why) or stop() is called (nothing).
  std::optional<std::string> listen(int fd);
  std::optional<std::string> read_some(int fd);
  /// True once stop() is called.
  bool pause(milliseconds how_long) const;
  int next_deadline_ms() const;
  void on_deadline();

  void take(const scale::Frame& frame);
  void flush_half() {
    half = false;
    decoder->reset([this](const scale::Frame& frame) { take(frame); });
  }
  void down(const std::string& why);
  std::string quiet_words() const;
  bool set_status(std::string_view state, const std::string& error);
  const std::string& where() const { return settings.port.empty() ? settings.tcp : settings.port; }

  const SerialSourceSettings settings;
  const LineSettings line;
  ScaleSink& sink;
  const Clock& clock;
  const TapNote tap;
  const std::function<void(std::string_view)> log;

  // Of the thread alone.
  const std::unique_ptr<scale::Decoder> decoder;
  Backoff backoff{kFirstRetry, settings.retry_most, std::random_device{}()};
  bool half = false;                       ///< bytes came since the decoder was last empty for sure
  steady_clock::time_point heard_at{};     ///< the newest byte
  steady_clock::time_point quiet_until{};  ///< without a good frame until then the line is said to be down
  std::string damage;                      ///< the newest refusal since the last good frame
  std::int64_t heard_mono_ms = 0;
  bool warned = false;

  Descriptor stop_event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::thread thread;
  mutable std::mutex mutex;
  SourceStatus status;
};

/// True where it says something new.
bool SerialSource::Body::set_status(std::string_view state, const std::string& error) {
  const std::lock_guard lock(mutex);
  const bool news = status.state != state || status.error != error;
  if (status.state != state) status.since = clock.utc_ms();
  status.state = state;
  status.error = error;
  return news;
}

void SerialSource::Body::down(const std::string& why) {
  if (!set_status("down", why)) return;
  sink.trouble(settings.scale, {}, why, clock.mono_ms());
  tap(settings.scale, {}, why);
  log("scale " + settings.scale + ": " + why);
}

void SerialSource::Body::take(const scale::Frame& frame) {
  if (frame.sample) {
    sink.sample(settings.scale, *frame.sample, heard_mono_ms);
    tap(settings.scale, frame.raw, scale::describe(*frame.sample));
    damage.clear();
    quiet_until = steady_clock::now() + settings.quiet;
    backoff.reset();
    if (set_status("up", "")) log("scale " + settings.scale + ": frames come from " + where());
  } else {
    damage = frame.sample.error().detail;
    sink.trouble(settings.scale, frame.raw, damage, heard_mono_ms);
    tap(settings.scale, frame.raw, "refused: " + damage);
  }
}

Result<Descriptor> SerialSource::Body::open() {
  if (settings.port.empty()) return connect_tcp(settings.tcp, settings.connect_most, stop_event.fd());
  return open_port(settings.port, line, [this](std::string_view text) {
    if (!std::exchange(warned, true)) log("scale " + settings.scale + ": " + std::string(text));
  });
}

bool SerialSource::Body::pause(milliseconds how_long) const {
  pollfd stop{stop_event.fd(), POLLIN, 0};
  return ::poll(&stop, 1, static_cast<int>(how_long.count())) > 0;
}

std::string SerialSource::Body::quiet_words() const {
  const auto for_long = " for more than " + std::to_string(settings.quiet.count() / 1'000) + " s";
  if (!damage.empty()) return "only damaged frames" + for_long + ", the newest: " + damage;
  return "no data" + for_long + ": check the cable, that the indicator streams, and its settings" +
         (settings.port.empty() ? "" : " (" + to_text(line) + " here)");
}

int SerialSource::Body::next_deadline_ms() const {
  auto until = quiet_until;
  if (half) until = std::min(until, heard_at + settings.silence);
  const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
  return left > 0 ? static_cast<int>(std::min<std::int64_t>(left, 60'000)) : 0;
}

void SerialSource::Body::on_deadline() {
  const auto now = steady_clock::now();
  if (half && now >= heard_at + settings.silence) flush_half();
  if (now < quiet_until) return;
  down(quiet_words());
  damage.clear();  // the next span is judged by itself
  quiet_until = now + settings.quiet;
}

std::optional<std::string> SerialSource::Body::read_some(int fd) {
  std::array<char, 512> buffer;
  const auto got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) {
    heard_mono_ms = clock.mono_ms();
    heard_at = steady_clock::now();
    half = true;
    decoder->feed({buffer.data(), static_cast<std::size_t>(got)}, [this](const scale::Frame& frame) { take(frame); });
    return std::nullopt;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (settings.port.empty()) return where() + (got == 0 ? " closed the connection" : " does not answer any more");
  return where() + " is gone: was the adapter unplugged?";
}

std::optional<std::string> SerialSource::Body::listen(int fd) {
  quiet_until = steady_clock::now() + settings.quiet;
  damage.clear();
  set_status("down", "open, waiting for the first good frame");
  while (true) {
    std::array<pollfd, 2> polled{{{fd, POLLIN, 0}, {stop_event.fd(), POLLIN, 0}}};
    const int ready = ::poll(polled.data(), polled.size(), next_deadline_ms());
    if (polled[1].revents != 0) return std::nullopt;
    if (ready > 0 && polled[0].revents != 0) {
      if (auto lost = read_some(fd)) return lost;
    }
    on_deadline();
  }
}

void SerialSource::Body::run() {
  while (true) {
    const auto link = open();
    std::optional<std::string> lost;
    if (link) {
      log("scale " + settings.scale + ": " + where() + " is open");
      lost = listen(link->fd());
      if (!lost) return;
      flush_half();
    } else {
      lost = link.error().detail;
    }
    if (pause(milliseconds(0))) return;  // an opening that stop() cut short is no fault
    down(*lost);
    if (pause(backoff.next())) return;
  }
}

SerialSource::SerialSource(SerialSourceSettings settings, ScaleSink& sink, const Clock& clock, TapNote tap,
                           std::function<void(std::string_view)> log)
    : body_(std::make_unique<Body>(std::move(settings), sink, clock, std::move(tap), std::move(log))) {}

SerialSource::~SerialSource() { stop(); }

void SerialSource::start() {
  if (body_->thread.joinable()) return;
  body_->thread = std::thread([body = body_.get()] { body->run(); });
}

void SerialSource::stop() {
  const std::uint64_t one = 1;
  (void)!::write(body_->stop_event.fd(), &one, sizeof one);
  if (body_->thread.joinable()) body_->thread.join();
  body_->set_status("down", "stopped");
}

SourceStatus SerialSource::status() const {
  const std::lock_guard lock(body_->mutex);
  return body_->status;
}

}  // namespace edge
