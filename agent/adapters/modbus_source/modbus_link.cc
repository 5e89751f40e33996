#include "agent/adapters/modbus_source/modbus_link.h"

#include <modbus/modbus.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/adapters/modbus_source/tcp_connect.h"
#include "agent/core/line_settings.h"

namespace edge {
namespace {

using Kind = ModbusAnswer::Kind;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kConnectLimit{3'000};
/// A line that is never silent may not hold the bus.
constexpr milliseconds kThrowAwayLimit{500};
constexpr std::size_t kTcpHeader = 6;  // transaction, protocol, length

std::uint8_t high(int word) { return static_cast<std::uint8_t>(word >> 8 & 0xFF); }
std::uint8_t low(int word) { return static_cast<std::uint8_t>(word & 0xFF); }
int byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
int word_at(std::string_view bytes, std::size_t at) { return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1); }

/// The words of MODBUS Application Protocol 1.1b3, section 7.
std::string_view exception_words(int code) {
  switch (code) {
    case 1:
      return "illegal function";
    case 2:
      return "illegal data address";
    case 3:
      return "illegal data value";
    case 4:
      return "slave device failure";
    case 5:
      return "acknowledged, not done yet";
    case 6:
      return "slave device busy";
    case 8:
      return "memory parity error";
    case 10:
      return "gateway path unavailable";
    case 11:
      return "gateway: the slave does not answer";
    default:
      return "unknown exception";
  }
}

ModbusAnswer unusable(std::string why) { return {Kind::kUnusable, {}, std::move(why)}; }

}  // namespace

void ModbusLink::Free::operator()(_modbus* context) const {
  modbus_close(context);
  modbus_free(context);
}

ModbusLink::ModbusLink(const ModbusBusSettings& settings, int wake_fd, TapNote tap)
    : name_(settings.name),
      port_(settings.port),
      tcp_(settings.tcp),
      line_(settings.line),
      timeout_(settings.timeout),
      wake_fd_(wake_fd),
      tap_(std::move(tap)) {}

ModbusLink::~ModbusLink() = default;

Result<void> ModbusLink::open() {
  if (is_open()) return {};
  auto opened = is_serial() ? open_port() : open_connection();
  if (!opened) return tl::unexpected(opened.error());
  // libmodbus waits with select().
  if (modbus_get_socket(opened->get()) >= FD_SETSIZE) {
    return fail(Errc::kUnavailable, "too many files are open in this process");
  }
  context_ = *std::move(opened);
  modbus_set_error_recovery(context_.get(), MODBUS_ERROR_RECOVERY_NONE);
  const auto ms = static_cast<std::uint32_t>(timeout_.count());
  modbus_set_response_timeout(context_.get(), ms / 1'000, ms % 1'000 * 1'000);
  // Off: else a slave that drips could take a byte timeout for each of 256 bytes.
  modbus_set_byte_timeout(context_.get(), 0, 0);
  if (const auto line = read_line_settings(line_); is_serial() && line) {
    const int bits = 1 + line->data_bits + (line->parity == 'N' ? 0 : 1) + line->stop_bits;
    const auto chars = [&](int count) { return milliseconds(1 + count * bits * 1'000 / line->baud); };
    gap_ = std::max(milliseconds(2), chars(4));
    quiet_ = std::max(milliseconds(50), chars(10));
    throw_away();
  }
  return {};
}

Result<ModbusLink::Context> ModbusLink::open_port() const {
  const auto line = read_line_settings(line_);
  if (!line) return tl::unexpected(line.error());
  Context context(modbus_new_rtu(port_.c_str(), line->baud, line->parity, line->data_bits, line->stop_bits));
  if (!context || modbus_connect(context.get()) != 0) {
    return fail(Errc::kUnavailable, port_ + ": " + std::generic_category().message(errno));
  }
  // Two readers of one line would each get half of every answer.
  if (::ioctl(modbus_get_socket(context.get()), TIOCEXCL) != 0) {
    return fail(Errc::kUnavailable, port_ + ": cannot be had alone: " + std::generic_category().message(errno));
  }
  return context;
}

Result<ModbusLink::Context> ModbusLink::open_connection() const {
  const auto fd = connect_tcp(tcp_, kConnectLimit, wake_fd_);
  if (!fd) return tl::unexpected(fd.error());
  Context context(modbus_new_tcp(nullptr, MODBUS_TCP_DEFAULT_PORT));
  if (!context) {
    ::close(*fd);
    return fail(Errc::kUnavailable, tcp_ + ": " + std::generic_category().message(errno));
  }
  modbus_set_socket(context.get(), *fd);
  return context;
}

void ModbusLink::close() { context_.reset(); }

bool ModbusLink::has_bytes(milliseconds within) const {
  std::array<pollfd, 2> wanted{{{modbus_get_socket(context_.get()), POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
  return ::poll(wanted.data(), wanted.size(), static_cast<int>(within.count())) > 0 && wanted[0].revents != 0;
}

/// Reads until a serial line is silent.
void ModbusLink::throw_away() {
  const auto end = steady_clock::now() + kThrowAwayLimit;
  std::array<char, 256> buffer{};
  while (steady_clock::now() < end && has_bytes(quiet_)) {
    const auto got = ::read(modbus_get_socket(context_.get()), buffer.data(), buffer.size());
    if (got <= 0) return;
    note({buffer.data(), static_cast<std::size_t>(got)}, "late or stray bytes, thrown away");
  }
}

/// Before a question: nothing may be there that could pass for its answer.
Result<void> ModbusLink::make_clean() {
  if (auto opened = open(); !opened) return opened;
  if (is_serial()) {
    if (has_bytes(gap_)) throw_away();
    modbus_flush(context_.get());
    return {};
  }
  // Bytes without a question, or the end of a connection that was idle too long for the other side.
  char byte = 0;
  const auto there = ::recv(modbus_get_socket(context_.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (there < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
  close();
  return open();
}

bool ModbusLink::send(const Request& request) {
  if (is_serial()) return modbus_send_raw_request(context_.get(), request.data(), kRequestSize) > 0;
  // libmodbus leaves the transaction of a raw request at 0.
  ++transaction_;
  std::array<std::uint8_t, kTcpHeader + kRequestSize> frame{high(transaction_), low(transaction_), 0, 0, 0,
                                                            kRequestSize};
  std::copy(request.begin(), request.end(), frame.begin() + kTcpHeader);
  const int fd = modbus_get_socket(context_.get());
  return ::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size());
}

ModbusAnswer ModbusLink::ask(int unit, int function, modbus::ReadSpan span) {
  if (function != 3 && function != 4) return unusable("only functions 3 and 4 are ever sent");
  if (auto clean = make_clean(); !clean) return {Kind::kLineDown, {}, clean.error().detail};
  modbus_set_slave(context_.get(), unit);
  const Request request{low(unit), low(function), high(span.first), low(span.first), high(span.count), low(span.count)};
  const auto asked_at = steady_clock::now();
  if (!send(request)) return failure(-1);
  std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> buffer{};
  const int got = modbus_receive_confirmation(context_.get(), buffer.data());
  if (got <= 0) return failure(got);
  const std::string_view frame(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(got));
  // select() says "readable" also when the time was up long before this thread ran again: an answer from after the
  // deadline is late all the same.
  if (steady_clock::now() - asked_at > timeout_) return late(frame);
  ModbusAnswer answer = check(frame, request);
  if (tap_) {
    if (request != described_) {  // mostly the same one again
      description_ = "slave " + std::to_string(unit) + ", function " + std::to_string(function) + ", " +
                     std::to_string(span.count) + " registers from " + std::to_string(span.first);
      described_ = request;
    }
    if (answer.error.empty()) {
      note(frame, description_);
    } else {
      note(frame, description_ + ": " + answer.error);
    }
  }
  if (answer.kind == Kind::kUnusable) {
    is_serial() ? throw_away() : close();
  }
  return answer;
}

/// An answer that came after its time: as if it had not.
ModbusAnswer ModbusLink::late(std::string_view frame) {
  note(frame, "came after " + std::to_string(timeout_.count()) + " ms, thrown away");
  is_serial() ? throw_away() : close();
  return {Kind::kNone, {}, "no answer within " + std::to_string(timeout_.count()) + " ms"};
}

/// What errno says after `got` of libmodbus; leaves the line clean.
ModbusAnswer ModbusLink::failure(int got) {
  const int error = got == 0 ? EMBBADSLAVE : errno;
  ModbusAnswer answer = unusable(modbus_strerror(error));
  if (error == ETIMEDOUT) {
    answer = {Kind::kNone, {}, "no answer within " + std::to_string(timeout_.count()) + " ms"};
  } else if (error == EMBBADSLAVE) {
    answer.error = "another slave answered";
  } else if (error == EMBBADCRC) {
    answer.error = "the answer's CRC is wrong";
  } else if (error < EMBXILFUN) {
    answer = {Kind::kLineDown, {}, std::generic_category().message(error)};
  }
  note({}, answer.error);
  if (is_serial() && answer.kind != Kind::kLineDown) {
    throw_away();
  } else {
    close();
  }
  return answer;
}

/// Length, transaction, unit, function and count must be those of the question.
ModbusAnswer ModbusLink::check(std::string_view frame, const Request& request) const {
  if (is_serial()) {
    frame.remove_suffix(2);  // the CRC; libmodbus has checked it
  } else {
    if (frame.size() < kTcpHeader + 3) return unusable("the answer is cut short");
    if (word_at(frame, 0) != transaction_) return unusable("the answer is that of another question");
    if (word_at(frame, 2) != 0) return unusable("the answer is not Modbus");
    if (static_cast<std::size_t>(word_at(frame, 4)) + kTcpHeader != frame.size()) return unusable("the answer's length is wrong");
    frame.remove_prefix(kTcpHeader);
  }
  if (frame.size() < 3) return unusable("the answer is cut short");
  if (byte_at(frame, 0) != request[0]) return unusable("slave " + std::to_string(byte_at(frame, 0)) + " answered");
  if (byte_at(frame, 1) == (request[1] | 0x80)) {
    const int code = byte_at(frame, 2);
    const bool gateway = code == 10 || code == 11;
    return {gateway ? Kind::kNone : Kind::kException,
            {},
            "exception " + std::to_string(code) + ": " + std::string(exception_words(code))};
  }
  if (byte_at(frame, 1) != request[1]) return unusable("the answer is that of another function");
  const int first = request[2] << 8 | request[3];
  const int count = request[4] << 8 | request[5];
  if (byte_at(frame, 2) != 2 * count || frame.size() != 3U + 2U * static_cast<std::size_t>(count)) {
    return unusable("the answer has another number of registers");
  }
  ModbusAnswer answer{Kind::kRead, {}, {}};
  answer.registers.reserve(static_cast<std::size_t>(count));
  for (int n = 0; n < count; ++n) {
    answer.registers[static_cast<std::uint16_t>(first + n)] =
        static_cast<std::uint16_t>(word_at(frame, 3 + 2 * static_cast<std::size_t>(n)));
  }
  return answer;
}

void ModbusLink::note(std::string_view bytes, const std::string& what) const {
  if (tap_) tap_(name_, bytes, what);
}

}  // namespace edge
