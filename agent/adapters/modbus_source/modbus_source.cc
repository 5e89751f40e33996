#include "agent/adapters/modbus_source/modbus_source.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "agent/adapters/modbus_source/modbus_link.h"
#include "agent/adapters/modbus_source/slave_poll.h"

namespace edge {
namespace {

using Kind = ModbusAnswer::Kind;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstRetry{500};
constexpr milliseconds kLongestRetry{10'000};
/// A dead sensor is asked once a minute; a scale that was switched on should not keep a truck waiting.
constexpr milliseconds kLongestPause{60'000};
constexpr milliseconds kLongestScalePause{10'000};

/// Wakes what sleeps in poll(); stays awake.
class Wake {
 public:
  Wake() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~Wake() { ::close(fd_); }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  int fd() const { return fd_; }
  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }
  void sleep_until(steady_clock::time_point end) const {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now()).count();
    if (left <= 0) return;
    pollfd wanted{fd_, POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
  }

 private:
  int fd_;
};

}  // namespace

struct ModbusSource::Body {
  struct Slave {
    ModbusSlave settings;
    SlavePoll poll;
    SourceStatus status;
    bool stored = true;  ///< the last answer could be committed
  };

  Body(ModbusBusSettings settings, PollSink& poll_sink, ScaleSink& scale_sink, const Clock& the_clock, TapNote tap,
       std::function<void(std::string_view)> the_log)
      : readings(poll_sink),
        scales(scale_sink),
        clock(the_clock),
        log(std::move(the_log)),
        link(settings, wake.fd(), std::move(tap)),
        bus{settings.name, "down", the_clock.utc_ms(), "not opened yet"} {
    for (auto& slave : settings.slaves) {
      const SlavePoll::Settings poll{slave.unit, slave.every,
                                     slave.map.is_scale() ? kLongestScalePause : kLongestPause};
      const std::string name = settings.name + "/" + std::to_string(slave.unit);
      slaves.push_back(
          {slave, SlavePoll(slave.map, poll, steady_clock::now()), {name, "down", clock.utc_ms(), "not asked yet"}});
    }
  }

  void run();
  void run_once();
  void link_failed(const Error& error);
  void round(Slave& slave);
  std::string deliver(Slave& slave, const ModbusAnswer& answer);
  std::string deliver_sample(const Slave& slave, const modbus::Registers& registers, std::int64_t mono_ms);
  void set(SourceStatus& status, bool up, const std::string& error);

  PollSink& readings;
  ScaleSink& scales;
  const Clock& clock;
  std::function<void(std::string_view)> log;
  Wake wake;
  std::atomic<bool> stopping{false};
  ModbusLink link;
  milliseconds retry{kFirstRetry};
  steady_clock::time_point retry_at{};
  mutable std::mutex mutex;  ///< guards bus and every slave's status
  SourceStatus bus;
  std::vector<Slave> slaves;
  std::thread thread;
};

void ModbusSource::Body::run() {
  if (slaves.empty()) return;
  while (!stopping) {
    try {
      run_once();
    } catch (const std::exception& e) {
      // Out of memory, say: nothing here throws by itself. The bus goes on after a pause.
      link_failed({Errc::kIo, e.what()});
    }
  }
  link.close();
}

void ModbusSource::Body::run_once() {
  Slave& next = *std::min_element(slaves.begin(), slaves.end(),
                                  [](const Slave& a, const Slave& b) { return a.poll.due() < b.poll.due(); });
  wake.sleep_until(std::max(next.poll.due(), retry_at));
  if (stopping) return;
  const auto opened = link.open();
  if (stopping) return;
  if (!opened) {
    link_failed(opened.error());
    return;
  }
  retry = kFirstRetry;
  set(bus, true, "");
  round(next);
}

void ModbusSource::Body::link_failed(const Error& error) {
  link.close();
  retry_at = steady_clock::now() + retry;
  retry = std::min(retry * 2, kLongestRetry);
  const auto mono_ms = clock.mono_ms();
  for (auto& slave : slaves) {
    set(slave.status, false, "the bus is down");
    if (slave.settings.map.is_scale()) scales.trouble(slave.settings.device, "", error.detail, mono_ms);
  }
  set(bus, false, error.detail);
}

void ModbusSource::Body::round(Slave& slave) {
  const ModbusAnswer answer = slave.poll.read(link, steady_clock::now());
  slave.poll.settle(answer.kind, steady_clock::now());
  if (stopping && answer.kind != Kind::kRead) return;
  const std::string wrong = deliver(slave, answer);
  set(slave.status, wrong.empty(), wrong);
}

/// What is wrong with the slave; empty = nothing.
std::string ModbusSource::Body::deliver(Slave& slave, const ModbusAnswer& answer) {
  const auto mono_ms = clock.mono_ms();
  const auto& settings = slave.settings;
  if (settings.map.is_scale()) {
    if (answer.kind == Kind::kRead) return deliver_sample(slave, answer.registers, mono_ms);
    scales.trouble(settings.device, "", answer.error, mono_ms);
    return answer.error;
  }
  if (answer.kind != Kind::kRead) return answer.error;
  const auto stored =
      readings.accept_poll({settings.site, settings.device, modbus::decode_sensor(settings.map, answer.registers),
                            modbus::raw_of(answer.registers)});
  if (slave.stored != stored.has_value() && log) {
    log(slave.status.name + (stored ? ": stored again" : ": not stored: " + stored.error().detail));
  }
  slave.stored = stored.has_value();
  return "";
}

std::string ModbusSource::Body::deliver_sample(const Slave& slave, const modbus::Registers& registers,
                                               std::int64_t mono_ms) {
  auto sample = modbus::decode_scale(slave.settings.map, registers);
  if (!sample) {
    scales.trouble(slave.settings.device, modbus::raw_of(registers), sample.error().detail, mono_ms);
    return sample.error().detail;
  }
  sample->raw = modbus::raw_of(registers);
  if (link.is_serial()) sample->checksum = ChecksumState::kOk;
  scales.sample(slave.settings.device, *sample, mono_ms);
  return "";
}

/// One line in the log for each change, none for each failure.
void ModbusSource::Body::set(SourceStatus& status, bool up, const std::string& error) {
  {
    const std::lock_guard lock(mutex);
    const std::string state = up ? "up" : "down";
    if (status.state == state && status.error == error) return;
    if (status.state != state) status.since = clock.utc_ms();
    status.state = state;
    status.error = error;
  }
  if (log) log(status.name + (up ? ": up" : ": " + error));
}

ModbusSource::ModbusSource(ModbusBusSettings settings, PollSink& readings, ScaleSink& scales, const Clock& clock,
                           TapNote tap, std::function<void(std::string_view)> log)
    : body_(std::make_unique<Body>(std::move(settings), readings, scales, clock, std::move(tap), std::move(log))) {}

ModbusSource::~ModbusSource() { stop(); }

void ModbusSource::start() {
  if (!body_->thread.joinable()) body_->thread = std::thread([this] { body_->run(); });
}

void ModbusSource::stop() {
  body_->stopping = true;
  body_->wake.ring();
  if (body_->thread.joinable()) body_->thread.join();
}

SourceStatus ModbusSource::status() const {
  const std::lock_guard lock(body_->mutex);
  return body_->bus;
}

std::vector<SourceStatus> ModbusSource::slaves() const {
  const std::lock_guard lock(body_->mutex);
  std::vector<SourceStatus> out;
  for (const auto& slave : body_->slaves) out.push_back(slave.status);
  return out;
}

}  // namespace edge
