#include "agent/adapters/mqtt_source/mqtt_source.h"

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "agent/adapters/mqtt_source/delivery.h"

namespace edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kConnectTimeout = std::chrono::seconds(10);
constexpr auto kDisconnectTimeout = std::chrono::seconds(1);
/// A connection that lived this long was a good one: the next loss starts a new back-off.
constexpr auto kSettled = std::chrono::seconds(10);

/// Paho's own spelling of the schemes.
std::string paho_url(std::string_view url) {
  const bool tls = url.starts_with("mqtts://");
  std::string address(url.substr(url.find("://") + 3));
  const auto port = address.rfind(':');
  if (port == std::string::npos || address.find(']', port) != std::string::npos) address += tls ? ":8883" : ":1883";
  return (tls ? "ssl://" : "tcp://") + address;
}

/// What a refused or failed connect means, in words for a technician.
std::string connect_error(const mqtt::exception& error) {
  switch (error.get_return_code()) {
    case 1:
      return "the broker does not speak MQTT 3.1.1";
    case 2:
      return "the broker refuses the client id";
    case 3:
      return "the broker is not available";
    case 4:
      return "the broker refuses the user name or password";
    case 5:
      return "the broker says: not authorized (user name, password or ACL)";
    default: {
      const auto& message = error.get_message();
      return message.empty() ? std::string(error.what()) : message;
    }
  }
}

}  // namespace

struct MqttSource::Body : mqtt::iaction_listener {
  Body(MqttSourceSettings given, MessageSink& message_sink, const Clock& the_clock, Fatal on_fatal, Log on_log)
      : settings(std::move(given)),
        sink(message_sink),
        clock(the_clock),
        fatal(std::move(on_fatal)),
        log(std::move(on_log)) {
    status.name = "mqtt";
    set_status("down", "not connected yet");
  }

  void run();
  bool connect();
  void disconnect();
  void subscribe_all() noexcept;
  milliseconds next_backoff();
  mqtt::connect_options connect_options() const;

  // On Paho's threads.
  void on_connected() noexcept;
  void on_lost() noexcept;
  void on_success(const mqtt::token& token) noexcept override;
  void on_failure(const mqtt::token& token) noexcept override;

  void set_status(std::string_view state, std::string error);

  MqttSourceSettings settings;
  MessageSink& sink;
  const Clock& clock;
  Fatal fatal;
  Log log;

  mutable std::mutex mutex;  ///< never held while Paho is called: Paho calls us under its own
  std::condition_variable changed;
  bool stopping = false, paused = false, connected = false, resubscribe = false;
  std::vector<std::string> wanted, subscribed;
  std::size_t waiting_for_subacks = 0;
  SourceStatus status;

  std::atomic<std::uint32_t> connections{0};  ///< tried so far; a message may come before connect() returns
  std::unique_ptr<mqtt::async_client> client;
  std::thread thread;
  int failures = 0;
  steady_clock::time_point connected_at{};
  std::minstd_rand dice{std::random_device{}()};
};

void MqttSource::Body::set_status(std::string_view state, std::string error) {
  if (status.state != state) status.since = clock.utc_ms();
  status.state = state;
  status.error = std::move(error);
}

mqtt::connect_options MqttSource::Body::connect_options() const {
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_clean_session(false);
  options.set_automatic_reconnect(false);
  options.set_keep_alive_interval(settings.keepalive);
  options.set_connect_timeout(kConnectTimeout);
  if (!settings.username.empty()) options.set_user_name(settings.username);
  if (!settings.password.empty()) options.set_password(settings.password);
  if (settings.url.starts_with("mqtts://")) {
    mqtt::ssl_options tls;
    if (!settings.ca_file.empty()) tls.set_trust_store(settings.ca_file);
    if (!settings.client_cert.empty()) {
      tls.set_key_store(settings.client_cert);
      tls.set_private_key(settings.client_key);
    }
    tls.set_enable_server_cert_auth(true);
    tls.set_verify(true);  // the host name too
    options.set_ssl(std::move(tls));
  }
  return options;
}

void MqttSource::Body::on_connected() noexcept {
  {
    const std::lock_guard lock(mutex);
    connected = true;
    connected_at = steady_clock::now();
    set_status("down", "waiting for the broker to grant the subscriptions");
  }
  changed.notify_all();
  subscribe_all();
}

/// On every connect (a broker that lost its sessions keeps no subscription) and after a reload (a persistent session
/// keeps old ones until they are taken back). Never waits: it may run on Paho's thread.
void MqttSource::Body::subscribe_all() noexcept {
  std::vector<std::string> topics, gone;
  {
    const std::lock_guard lock(mutex);
    topics = wanted;
    for (const auto& topic : subscribed) {
      if (std::find(wanted.begin(), wanted.end(), topic) == wanted.end()) gone.push_back(topic);
    }
    subscribed = wanted;
    waiting_for_subacks = wanted.size();
  }
  try {
    for (const auto& topic : gone) client->unsubscribe(topic);
    for (const auto& topic : topics) client->subscribe(topic, 1, nullptr, *this);
  } catch (const std::exception& error) {
    log(std::string("mqtt: subscribing failed: ") + error.what());
  }
}

void MqttSource::Body::on_success(const mqtt::token& token) noexcept {
  if (token.get_type() != mqtt::token::SUBSCRIBE) return;
  bool up = false;
  {
    const std::lock_guard lock(mutex);
    if (waiting_for_subacks > 0 && --waiting_for_subacks == 0 && connected && !paused) {
      up = status.state != "up";
      set_status("up", "");
    }
  }
  if (up) log("mqtt: connected and subscribed");
}

void MqttSource::Body::on_failure(const mqtt::token& token) noexcept {
  if (token.get_type() != mqtt::token::SUBSCRIBE) return;
  std::string topic;
  if (const auto topics = token.get_topics(); topics && !topics->empty()) topic = (*topics)[0];
  const auto text = "the broker refuses the subscription " + topic + " (its ACL?)";
  {
    const std::lock_guard lock(mutex);
    if (!connected) return;
    set_status("down", text);
  }
  log("mqtt: " + text);
}

void MqttSource::Body::on_lost() noexcept {
  {
    const std::lock_guard lock(mutex);
    connected = false;
    if (steady_clock::now() - connected_at >= kSettled) failures = 0;
    if (!paused) set_status("down", "connection lost");
  }
  changed.notify_all();
  log("mqtt: connection lost");
}

milliseconds MqttSource::Body::next_backoff() {
  const auto bound = std::min<std::int64_t>(settings.longest_backoff.count(), settings.first_backoff.count()
                                                                                  << std::min(failures, 16));
  ++failures;
  return milliseconds(std::uniform_int_distribution<std::int64_t>(bound / 2, bound)(dice));
}

/// One try; true once the broker has said yes. Waits on our own thread, cut short by stop() and pause().
bool MqttSource::Body::connect() {
  std::string error;
  ++connections;
  try {
    const auto token = client->connect(connect_options());
    bool done = false;
    while (!done) {
      done = token->wait_for(milliseconds(100));
      const std::lock_guard lock(mutex);
      if (!done && stopping) return false;
    }
    return true;
  } catch (const mqtt::exception& failure) {
    error = connect_error(failure);
  }
  bool news = false;
  {
    const std::lock_guard lock(mutex);
    news = status.error != error;
    if (!paused) set_status("down", error);
  }
  if (news) log("mqtt: cannot connect to " + settings.url + ": " + error);
  return false;
}

void MqttSource::Body::disconnect() {
  try {
    client->disconnect(0)->wait_for(kDisconnectTimeout);
  } catch (const mqtt::exception&) {
    // Not connected any more: what was wanted.
  }
  const std::lock_guard lock(mutex);
  connected = false;
}

void MqttSource::Body::run() {
  bool back_off = false;
  std::unique_lock lock(mutex);
  while (!stopping) {
    if (paused && connected) {
      lock.unlock();
      disconnect();
      log("mqtt: paused, the broker keeps the messages");
      lock.lock();
    } else if (!paused && !connected && back_off) {
      back_off = false;
      changed.wait_for(lock, next_backoff(), [this] { return stopping || paused; });
    } else if (!paused && !connected) {
      lock.unlock();
      const bool good = connect();
      lock.lock();
      back_off = true;  // should it be lost again at once
      // Paho completes the token before it calls the connected handler.
      if (good) changed.wait_for(lock, kConnectTimeout, [this] { return connected || stopping; });
    } else if (connected && std::exchange(resubscribe, false)) {
      lock.unlock();
      subscribe_all();
      lock.lock();
    } else {
      changed.wait(lock);
    }
  }
  lock.unlock();
  disconnect();
}

MqttSource::MqttSource(MqttSourceSettings settings, MessageSink& sink, const Clock& clock, Fatal fatal, Log log)
    : body_(std::make_unique<Body>(std::move(settings), sink, clock, std::move(fatal), std::move(log))) {
  auto* body = body_.get();
  body->wanted = body->settings.subscriptions;
  // Paho formats a line for each packet into a buffer nobody reads.
  MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
  body->client = std::make_unique<mqtt::async_client>(paho_url(body->settings.url), body->settings.client_id, nullptr);
  // All callbacks before connect: a message that finds none is acknowledged and lost.
  body->client->set_message_callback([body](const mqtt::const_message_ptr& message) {
    if (message) deliver(*message, body->connections, body->sink, body->fatal);
  });
  body->client->set_connected_handler([body](const std::string&) { body->on_connected(); });
  body->client->set_connection_lost_handler([body](const std::string&) { body->on_lost(); });
}

MqttSource::~MqttSource() { stop(); }

void MqttSource::start() {
  if (body_->thread.joinable()) return;
  body_->thread = std::thread([body = body_.get()] { body->run(); });
}

void MqttSource::stop() {
  {
    const std::lock_guard lock(body_->mutex);
    body_->stopping = true;
  }
  body_->changed.notify_all();
  if (body_->thread.joinable()) body_->thread.join();
  body_->client.reset();  // waits for a callback under way; none comes afterwards
  const std::lock_guard lock(body_->mutex);
  body_->set_status("down", "stopped");
}

void MqttSource::pause(bool paused) {
  {
    const std::lock_guard lock(body_->mutex);
    if (body_->paused == paused) return;
    body_->paused = paused;
    body_->set_status(paused ? "paused" : "down", paused ? "the store is full" : "reconnecting after a pause");
    body_->failures = 0;
  }
  body_->changed.notify_all();
}

void MqttSource::resubscribe(std::vector<std::string> subscriptions) {
  {
    const std::lock_guard lock(body_->mutex);
    body_->wanted = std::move(subscriptions);
    body_->resubscribe = true;
  }
  body_->changed.notify_all();
}

SourceStatus MqttSource::status() const {
  const std::lock_guard lock(body_->mutex);
  return body_->status;
}

}  // namespace edge
