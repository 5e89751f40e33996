#include "tests/unit/agent/adapters/modbus_source/mock_slave.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <termios.h>

#include <array>
#include <stdexcept>

#include "tests/unit/protocols/modbus/frames.h"

namespace edge::test {
namespace {

using std::chrono::milliseconds;

int byte_at(const std::string& bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }
int word_at(const std::string& bytes, std::size_t at) { return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1); }
void put_word(std::string& out, int word) {
  out += static_cast<char>(word >> 8 & 0xFF);
  out += static_cast<char>(word & 0xFF);
}

/// Appends what is there within `within`; false once the peer is gone.
bool read_some(int fd, milliseconds within, std::string& out) {
  pollfd wanted{fd, POLLIN, 0};
  if (::poll(&wanted, 1, static_cast<int>(within.count())) <= 0) return true;
  std::array<char, 512> buffer{};
  const auto got = ::read(fd, buffer.data(), buffer.size());
  if (got <= 0) return false;
  out.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

/// A wait that ends with the test, or when the peer of `fd` has hung up.
void wait_for(milliseconds time, const std::atomic<bool>& stopping, int fd = -1) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stopping && std::chrono::steady_clock::now() < end) {
    pollfd peer{fd, POLLRDHUP, 0};
    if (::poll(&peer, 1, 1) > 0) return;
  }
}

MockRequest request_of(const std::string& pdu) {
  return {0, 0, byte_at(pdu, 0), byte_at(pdu, 1), word_at(pdu, 2), word_at(pdu, 4)};
}

}  // namespace

std::string crc_bytes(const std::string& frame) {
  const auto crc = modbus::test::crc_of(frame);
  return {static_cast<char>(crc & 0xFF), static_cast<char>(crc >> 8)};
}

std::string read_pdu(const MockRequest& request, std::uint16_t value) {
  std::string out{static_cast<char>(request.unit), static_cast<char>(request.function),
                  static_cast<char>(2 * request.count)};
  for (int n = 0; n < request.count; ++n) put_word(out, value);
  return out;
}

std::string exception_pdu(const MockRequest& request, int code) {
  return {static_cast<char>(request.unit), static_cast<char>(request.function | 0x80), static_cast<char>(code)};
}

std::string rtu_frame(const std::string& pdu) { return pdu + crc_bytes(pdu); }

std::string tcp_frame(int transaction, const std::string& pdu) {
  std::string out;
  put_word(out, transaction);
  put_word(out, 0);
  put_word(out, static_cast<int>(pdu.size()));
  return out + pdu;
}

TcpSlave::TcpSlave(MockScript script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 8) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] {
    while (!stopping_) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections_;
      serve(fd);
      ::close(fd);
    }
  });
}

TcpSlave::~TcpSlave() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void TcpSlave::serve(int fd) {
  std::string bytes;
  while (!stopping_) {
    if (!read_some(fd, milliseconds(5), bytes)) return;
    while (bytes.size() >= 12) {
      auto request = request_of(bytes.substr(6, 6));
      request.number = ++number_;
      request.transaction = word_at(bytes, 0);
      bytes.erase(0, 12);
      const auto reply = script_(request);
      for (const auto& [wait, part] : reply.parts) {
        wait_for(wait, stopping_, fd);
        // The peer may be gone: that is what some tests are about.
        static_cast<void>(::send(fd, part.data(), part.size(), MSG_NOSIGNAL));
      }
      if (reply.hang_up) return;
    }
  }
}

RtuSlave::RtuSlave(MockScript script) : script_(std::move(script)), master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
  if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no pty");
  std::array<char, 128> name{};
  if (::ptsname_r(master_, name.data(), name.size()) != 0) throw std::runtime_error("no pty name");
  port_ = name.data();
  thread_ = std::thread([this] { serve(); });
}

RtuSlave::~RtuSlave() { unplug(); }

void RtuSlave::unplug() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  if (master_ >= 0) ::close(master_);
  master_ = -1;
}

void RtuSlave::serve() {
  std::string bytes;
  int number = 0;
  while (!stopping_) {
    // While nobody has the other end open a read fails: that is no end.
    if (!read_some(master_, milliseconds(5), bytes)) wait_for(milliseconds(2), stopping_);
    while (bytes.size() >= 8) {
      auto request = request_of(bytes);
      request.number = ++number;
      bytes.erase(0, 8);
      for (const auto& [wait, part] : script_(request).parts) {
        wait_for(wait, stopping_);
        static_cast<void>(!::write(master_, part.data(), part.size()));
      }
    }
  }
}

}  // namespace edge::test
