#include "agent/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <string_view>

namespace edge {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

sigset_t held() { return set_of({SIGTERM, SIGINT, SIGHUP}); }

}  // namespace

void hold_signals() {
  const sigset_t set = held();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void let_signals_go() {
  const sigset_t set = held();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int next_signal(std::chrono::milliseconds patience) {
  const sigset_t set = held();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec pause{seconds.count(), std::chrono::nanoseconds(patience - seconds).count()};
  const int signal = ::sigtimedwait(&set, nullptr, &pause);
  return signal > 0 ? signal : 0;
}

StartWatch::StartWatch() {
  const sigset_t ends = set_of({SIGTERM, SIGINT});
  signals_ = ::signalfd(-1, &ends, SFD_CLOEXEC);
  done_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { run(); });
}

StartWatch::~StartWatch() {
  const std::uint64_t one = 1;
  (void)!::write(done_, &one, sizeof one);
  thread_.join();
  ::close(done_);
  ::close(signals_);
}

void StartWatch::run() const {
  std::array<pollfd, 2> wait{{{signals_, POLLIN, 0}, {done_, POLLIN, 0}}};
  while (::poll(wait.data(), wait.size(), -1) < 0) {
  }
  if ((wait[1].revents & POLLIN) != 0) return;  // a signal that came just now is for next_signal()
  constexpr std::string_view kWord = "edge-agent: told to stop while it was starting\n";
  (void)!::write(STDERR_FILENO, kWord.data(), kWord.size());
  ::_exit(0);
}

}  // namespace edge
