#pragma once
#include <chrono>
#include <thread>

namespace edge {

/// Holds SIGTERM, SIGINT and SIGHUP back from this thread and all it starts: next_signal() alone sees them.
void hold_signals();
/// For a command that ends at Ctrl-C as any program does.
void let_signals_go();
/// The next of them, waiting up to `patience`; 0 = none came.
int next_signal(std::chrono::milliseconds patience);

/// While it lives SIGTERM and SIGINT end the process at once with code 0: a start may wait for a lock or read a large
/// file through, nothing has been taken in yet, and the store is safe against a kill at any moment. SIGHUP waits.
class StartWatch {
 public:
  StartWatch();
  ~StartWatch();
  StartWatch(const StartWatch&) = delete;
  StartWatch& operator=(const StartWatch&) = delete;

 private:
  void run() const;

  int signals_, done_;  ///< descriptors
  std::thread thread_;
};

}  // namespace edge
