#include "mock_devices/mock_iot/publisher.h"

#include <fstream>
#include <stdexcept>
#include <utility>

namespace edge::mock {
namespace {

using std::chrono::milliseconds;

/// Paho's own schemes.
std::string paho_url(const std::string& url) {
  if (url.rfind("mqtt://", 0) == 0) {
    return "tcp://" + url.substr(7);
  }
  if (url.rfind("mqtts://", 0) == 0) {
    return "ssl://" + url.substr(8);
  }
  throw std::invalid_argument("--broker: write mqtt://host:port or mqtts://host:port");
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::uint64_t number_of(const mqtt::token& token) { return reinterpret_cast<std::uintptr_t>(token.get_user_context()); }

}  // namespace

Publisher::Publisher(const Options& o, Journal& journal)
    : journal_(journal),
      qos_(o.qos),
      window_(static_cast<std::size_t>(o.max_inflight)),
      client_(paho_url(o.broker), o.client_id, nullptr),
      connect_options_(connect_options_of(o)) {
  client_.set_connected_handler([this](const std::string&) {
    connected_ = true;
    changed_.notify_all();
  });
  client_.set_connection_lost_handler([this](const std::string& cause) {
    connected_ = false;
    note_error("connection lost" + (cause.empty() ? "" : ": " + cause));
  });
}

Publisher::~Publisher() = default;

mqtt::connect_options Publisher::connect_options_of(const Options& o) const {
  mqtt::connect_options options;
  options.set_clean_session(false);
  options.set_keep_alive_interval(30);
  options.set_max_inflight(o.max_inflight);
  options.set_automatic_reconnect(1, 2);
  if (!o.username.empty()) {
    options.set_user_name(o.username);
  }
  if (!o.password_file.empty()) {
    options.set_password(first_line(o.password_file));
  }
  if (o.broker.rfind("mqtts://", 0) == 0) {
    mqtt::ssl_options tls;
    if (!o.ca_file.empty()) {
      tls.set_trust_store(o.ca_file.string());
    }
    tls.set_verify(true);
    tls.set_enable_server_cert_auth(true);
    options.set_ssl(std::move(tls));
  }
  return options;
}

bool Publisher::connect(const std::atomic<bool>& stop) {
  while (!stop) {
    try {
      client_.connect(connect_options_)->wait();
      connected_ = true;
      return true;
    } catch (const mqtt::exception& e) {
      note_error(e.what());
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, milliseconds(500), [&] { return stop.load(); });
  }
  return false;
}

bool Publisher::publish(SensorMessage message, const std::atomic<bool>& stop) {
  {
    std::unique_lock lock(mutex_);
    while (!stop && (unacked_.size() >= window_ || !connected_ || !returned_.empty())) {
      if (!returned_.empty() && connected_) {
        lock.unlock();
        resend_returned(stop);
        lock.lock();
        continue;
      }
      changed_.wait_for(lock, milliseconds(100));
    }
  }
  if (stop) {
    return false;
  }
  const std::uint64_t n = ++sent_;
  journal_.sent(n, message);
  {
    const std::scoped_lock lock(mutex_);
    unacked_.emplace(n, message);
  }
  return hand_over(n, message, stop);
}

bool Publisher::hand_over(std::uint64_t n, const SensorMessage& message, const std::atomic<bool>& stop) {
  while (true) {
    try {
      client_.publish(mqtt::make_message(message.topic, message.payload, qos_, false), reinterpret_cast<void*>(n),
                      *this);
      return true;
    } catch (const mqtt::exception& e) {
      // Paho has refused it (mostly: not connected), so it has not left and may be offered again.
      note_error(e.what());
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, milliseconds(100));
      if (stop) {
        returned_.push_back(n);
        return false;
      }
    }
  }
}

bool Publisher::resend_returned(const std::atomic<bool>& stop) {
  std::unique_lock lock(mutex_);
  while (!returned_.empty()) {
    const std::uint64_t n = returned_.front();
    returned_.pop_front();
    const SensorMessage message = unacked_.at(n);
    lock.unlock();
    ++resent_;
    journal_.resent(n);
    if (!hand_over(n, message, stop)) {
      return false;
    }
    lock.lock();
  }
  return true;
}

bool Publisher::drain(std::chrono::duration<double> limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const std::atomic<bool> never{false};
  std::unique_lock lock(mutex_);
  while (!unacked_.empty()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    if (!returned_.empty() && connected_) {
      lock.unlock();
      resend_returned(never);
      lock.lock();
    }
    changed_.wait_for(lock, milliseconds(100));
  }
  return true;
}

void Publisher::disconnect() {
  try {
    client_.disconnect()->wait_for(milliseconds(2000));
  } catch (const mqtt::exception&) {
    // Not connected any more: nothing is owed, all was acknowledged or counted as not.
  }
}

std::string Publisher::last_error() const {
  const std::scoped_lock lock(mutex_);
  return last_error_;
}

// Both run on Paho's thread, under its global lock: they call nothing of Paho.
void Publisher::on_success(const mqtt::token& token) {
  const std::uint64_t n = number_of(token);
  journal_.acked(n);
  {
    const std::scoped_lock lock(mutex_);
    unacked_.erase(n);
  }
  ++acked_;
  changed_.notify_all();
}

void Publisher::on_failure(const mqtt::token& token) {
  const std::scoped_lock lock(mutex_);
  last_error_ = "given back by Paho, code " + std::to_string(token.get_return_code());
  returned_.push_back(number_of(token));
  changed_.notify_all();
}

void Publisher::note_error(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  last_error_ = text;
}

}  // namespace edge::mock
