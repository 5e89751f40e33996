#pragma once
#include <mqtt/message.h>

#include <cstdint>
#include <functional>

#include "agent/ports/source.h"

namespace edge {

/// Called when a message could not be made durable. Must not return: a return lets Paho acknowledge the message.
using FatalHandler = std::function<void(const Error&)>;

/// The packet id of a received message; 0 at QoS 0. Paho C fills MQTTAsync_message.msgid, the C++ class copies it
/// and shows it to its own unit tests only.
std::uint16_t packet_id_of(const mqtt::message& message);

/// Hands one message to the sink and returns once it is durable; anything else ends in `fatal`. Runs inside Paho's
/// C callback: never throws.
void deliver(const mqtt::message& message, std::uint32_t connection, MessageSink& sink,
             const FatalHandler& fatal) noexcept;

}  // namespace edge
