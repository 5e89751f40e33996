#pragma once
#include <poll.h>

#include <memory>
#include <utility>

#include "mock_devices/mock_scale/faults.h"
#include "mock_devices/mock_scale/indicator.h"
#include "mock_devices/mock_scale/journal.h"
#include "mock_devices/mock_scale/port.h"

namespace edge::mock {

/// What every output of the mock shares. One thread.
struct Scene {
  Platform& platform;
  Indicator& indicator;
  Faults& faults;
  ScaleJournal& journal;
};

/// A line the indicator speaks on, served by the one loop.
class Output {
 public:
  Output(Scene scene, std::unique_ptr<Port> port) : scene_(scene), port_(std::move(port)) { port_->plug(); }
  virtual ~Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  Port& port() { return *port_; }
  /// Takes what a peer sent.
  virtual void serve(const pollfd& ready, Ticks now) = 0;
  /// Sends what is due; when it wants to be called again.
  virtual Ticks send_due(Ticks now) = 0;
  /// The cable was pulled or put back: nothing of before goes out any more.
  virtual void forget() = 0;

 protected:
  Scene scene_;
  std::unique_ptr<Port> port_;
};

}  // namespace edge::mock
