#include "agent/adapters/mqtt_source/delivery.h"

#include <exception>

namespace edge {
namespace {

/// The one legal way to a private member of a class that is not ours: an explicit instantiation may name it. (The
/// library's own accessor exists only under its test macro, and defining that would break the one-definition rule.)
template <auto Member>
struct Reach {
  friend MQTTAsync_message const& c_message(const mqtt::message& message) { return message.*Member; }
};
MQTTAsync_message const& c_message(const mqtt::message& message);
template struct Reach<&mqtt::message::msg_>;

}  // namespace

std::uint16_t packet_id_of(const mqtt::message& message) {
  return message.get_qos() == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(c_message(message).msgid);
}

void deliver(const mqtt::message& message, std::uint32_t connection, MessageSink& sink,
             const FatalHandler& fatal) noexcept {
  Error error{Errc::kIo, "the message sink threw"};
  try {
    const InboundMessage inbound{message.get_topic(), message.get_payload(), packet_id_of(message),
                                 message.is_retained(), message.is_duplicate(), connection};
    const auto taken = sink.accept(inbound);
    if (taken) return;
    error = taken.error();
  } catch (const std::exception& thrown) {
    error.detail += std::string(": ") + thrown.what();
  } catch (...) {
    error.detail += " something";
  }
  fatal(error);
}

}  // namespace edge
