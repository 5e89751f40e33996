#include "tests/unit/agent/adapters/mqtt_source/fake_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace edge::test {
namespace {

bool read_exactly(int fd, std::string& out, std::size_t count) {
  out.resize(count);
  std::size_t at = 0;
  while (at < count) {
    const auto got = ::recv(fd, out.data() + at, count - at, 0);
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

std::size_t number(const std::string& body, std::size_t at) {
  return static_cast<std::size_t>(static_cast<std::uint8_t>(body[at])) << 8 | static_cast<std::uint8_t>(body[at + 1]);
}

std::string text(const std::string& body, std::size_t at) { return body.substr(at + 2, number(body, at)); }

std::string with_length(const std::string& value) {
  return {static_cast<char>(value.size() >> 8), static_cast<char>(value.size() & 0xFF)};
}

void write(int fd, const std::string& packet) { (void)::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL); }

}  // namespace

FakeBroker::FakeBroker() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  (void)::listen(listener_, 8);
  socklen_t size = sizeof address;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeBroker::~FakeBroker() {
  stopping_ = true;
  cut();
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void FakeBroker::serve() {
  while (!stopping_) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    {
      const std::lock_guard lock(mutex_);
      client_ = fd;
    }
    if (!stopping_) converse(fd);
    const std::lock_guard lock(mutex_);
    client_ = -1;
    ::close(fd);
  }
}

void FakeBroker::converse(int fd) {
  std::string head, body;
  while (read_exactly(fd, head, 2)) {
    const auto type = static_cast<std::uint8_t>(head[0]);
    std::size_t length = static_cast<std::uint8_t>(head[1]) & 0x7F;
    if ((static_cast<std::uint8_t>(head[1]) & 0x80) != 0) {
      std::string more;
      if (!read_exactly(fd, more, 1)) return;
      length += static_cast<std::size_t>(static_cast<std::uint8_t>(more[0])) << 7;
    }
    if (!read_exactly(fd, body, length)) return;
    handle(fd, static_cast<std::uint8_t>(type >> 4), body);
  }
}

void FakeBroker::handle(int fd, std::uint8_t type, const std::string& body) {
  if (type == 1) {
    const bool clean = (static_cast<std::uint8_t>(body[7]) & 2) != 0;
    note("CONNECT " + text(body, 10) + " level " + std::to_string(body[6]) + (clean ? " clean" : " persistent"));
    if (connack >= 0) write(fd, {0x20, 2, 0, static_cast<char>(connack.load())});
  } else if (type == 8) {
    note("SUBSCRIBE " + text(body, 2) + " " + std::to_string(body.back()));
    write(fd, {static_cast<char>(0x90), 3, body[0], body[1], static_cast<char>(suback.load())});
  } else if (type == 10) {
    note("UNSUBSCRIBE " + text(body, 2));
    write(fd, {static_cast<char>(0xB0), 2, body[0], body[1]});
  } else if (type == 12) {
    write(fd, {static_cast<char>(0xD0), 0});
  } else if (type == 4) {
    note("PUBACK " + std::to_string(number(body, 0)));
  } else if (type == 14) {
    note("DISCONNECT");
  }
}

void FakeBroker::publish(const Publish& message) {
  const auto first = 0x32 | (message.dup ? 8 : 0) | (message.retain ? 1 : 0);
  const std::string body = with_length(message.topic) + message.topic + static_cast<char>(message.id >> 8) +
                           static_cast<char>(message.id & 0xFF) + message.payload;
  std::string packet{static_cast<char>(first)};
  if (body.size() > 127) packet += static_cast<char>(0x80 | (body.size() & 0x7F));
  packet += static_cast<char>(body.size() > 127 ? body.size() >> 7 : body.size());
  const std::lock_guard lock(mutex_);
  if (client_ >= 0) write(client_, packet + body);
}

void FakeBroker::cut() {
  const std::lock_guard lock(mutex_);
  if (client_ >= 0) ::shutdown(client_, SHUT_RDWR);
}

void FakeBroker::note(const std::string& event) {
  const std::lock_guard lock(mutex_);
  journal_.push_back(event);
  changed_.notify_all();
}

bool FakeBroker::wait_for(const std::string& event, int times) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return std::count(journal_.begin(), journal_.end(), event) >= times; });
}

int FakeBroker::index_of(const std::string& event) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(journal_.begin(), journal_.end(), event);
  return found == journal_.end() ? -1 : static_cast<int>(found - journal_.begin());
}

}  // namespace edge::test
