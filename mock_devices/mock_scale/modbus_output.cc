#include "mock_devices/mock_scale/modbus_output.h"

#include <algorithm>
#include <chrono>

namespace edge::mock {
namespace {

/// Silence that ends a request nobody understood; far more than 3.5 characters, which no pseudo terminal keeps.
constexpr std::chrono::milliseconds kSilence{30};
constexpr std::size_t kShortestRtu = 4;
constexpr std::size_t kTcpHeader = 6;

std::size_t big_endian(std::string_view two) {
  return static_cast<std::size_t>(static_cast<unsigned char>(two[0]) << 8 | static_cast<unsigned char>(two[1]));
}

}  // namespace

void ModbusOutput::serve(const pollfd& ready, Ticks now) {
  const auto read = port_->read(ready);
  if (!read) {
    return;
  }
  if (read->bytes.empty()) {
    heard_.erase(read->peer);
    return;
  }
  Heard& heard = heard_[read->peer];
  if (framing_ == Framing::kRtu && now - heard.last > kSilence) {
    heard.bytes.clear();
  }
  heard.bytes += read->bytes;
  heard.last = now;
  for (std::string request = take_request(heard); !request.empty(); request = take_request(heard)) {
    answer(read->peer, request, now);
  }
}

std::string ModbusOutput::take_request(Heard& heard) const {
  std::size_t size = heard.bytes.size();
  if (framing_ == Framing::kTcp) {
    size = heard.bytes.size() < kTcpHeader ? kTcpHeader + 1
                                           : kTcpHeader + big_endian(std::string_view(heard.bytes).substr(4, 2));
  } else if (size < kShortestRtu || modbus_crc(heard.bytes) != 0) {
    return "";  // with its CRC a whole frame has CRC 0
  }
  if (heard.bytes.size() < size) {
    return "";
  }
  std::string request = heard.bytes.substr(0, size);
  heard.bytes.erase(0, size);
  return request;
}

void ModbusOutput::answer(int peer, const std::string& request, Ticks now) {
  const int unit = unit_of(request, framing_);
  const auto slave = std::find_if(slaves_.begin(), slaves_.end(), [&](const Slave& s) { return s.unit == unit; });
  if (slave == slaves_.end() || scene_.faults.on("silence")) {
    return;
  }
  const Image image = image_of(*slave, scene_.indicator.at(now));
  Pending pending;
  pending.due = now;
  pending.peer = peer;
  pending.unit = unit;
  pending.request = request;
  pending.value = image.value;
  pending.stable = image.stable;
  pending.bytes = answer_.of(request, image);
  if (const Fault* fault = scene_.faults.take(unit); fault != nullptr) {
    spoil(pending, *slave, *fault);
  }
  pending_.push_back(std::move(pending));
}

void ModbusOutput::spoil(Pending& pending, const Slave& slave, const Fault& fault) {
  pending.fault = fault.kind;
  if (fault.kind == "late") {
    const Image image = image_saying(slave, fault.value);
    pending.bytes = answer_.of(pending.request, image);
    pending.value = image.value;
    pending.stable = image.stable;
    // Steps of 7 ms reach every moment of the spread.
    const auto spread = fault.spread.count() == 0 ? 0 : fault.hits * 7 % fault.spread.count();
    pending.due += fault.delay + std::chrono::milliseconds(spread);
  } else if (fault.kind == "dead") {
    pending.bytes.clear();
  } else if (fault.kind == "wrong_crc") {
    pending.bytes = with_wrong_crc(pending.bytes, framing_);
  } else if (fault.kind == "exception") {
    pending.bytes = exception_to(pending.request, fault.code, framing_);
  } else if (fault.kind == "wrong_unit") {
    pending.bytes = with_wrong_unit(pending.bytes, framing_);
  } else if (fault.kind == "short") {
    pending.bytes.resize(pending.bytes.size() / 2);
  }
}

Ticks ModbusOutput::send_due(Ticks now) {
  Ticks next = Ticks::max();
  for (const Pending& pending : pending_) {
    if (pending.due <= now) {
      send(pending);
    } else {
      next = std::min(next, pending.due);
    }
  }
  std::erase_if(pending_, [&](const Pending& pending) { return pending.due <= now; });
  return next;
}

void ModbusOutput::send(const Pending& pending) {
  const auto peers = port_->peers();
  const std::string place = port_->place();
  Sent sent{place, pending.bytes};
  sent.request = pending.request;
  sent.fault = pending.fault;
  sent.value = pending.value;
  sent.stable = pending.stable;
  sent.unit = pending.unit;
  sent.lost = std::find(peers.begin(), peers.end(), pending.peer) == peers.end();
  scene_.journal.note(sent);
  if (!pending.bytes.empty()) {
    port_->write(pending.peer, pending.bytes);
  }
}

void ModbusOutput::forget() {
  heard_.clear();
  pending_.clear();
}

}  // namespace edge::mock
