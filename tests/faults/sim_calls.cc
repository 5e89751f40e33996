// In front of the C library's, for this program and every library in it.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <limits>

#include "tests/faults/sim_calls.h"
#include "tests/faults/sim_time.h"

namespace {

namespace sim = edge::test::sim;

/// The C library's own; the version matters: there is an older pthread_cond_wait beside the one in use.
template <class Call>
Call real(const char* name, const char* version) {
  void* found = ::dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) found = ::dlsym(RTLD_NEXT, name);
  return reinterpret_cast<Call>(found);
}

std::int64_t ns_of(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

extern "C" {

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static const auto call = real<int (*)(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait", "GLIBC_2.3.2");
  if (!sim::is_on()) return call(condition, mutex);
  return sim::wait_for(condition, mutex, std::numeric_limits<std::int64_t>::max());
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  static const auto call = real<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
      "pthread_cond_clockwait", "GLIBC_2.34");
  if (!sim::is_on()) return call(condition, mutex, clock, until);
  return sim::wait_for(condition, mutex, ns_of(*until));
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  static const auto call = real<int (*)(pthread_cond_t*)>("pthread_cond_signal", "GLIBC_2.3.2");
  if (!sim::is_on()) return call(condition);
  sim::wake(condition, false);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  static const auto call = real<int (*)(pthread_cond_t*)>("pthread_cond_broadcast", "GLIBC_2.3.2");
  if (!sim::is_on()) return call(condition);
  sim::wake(condition, true);
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  static const auto call = real<int (*)(pthread_t, void**)>("pthread_join", "GLIBC_2.34");
  if (!sim::is_on()) return call(thread, result);
  sim::step_out();
  const int failed = call(thread, result);
  sim::step_in();
  return failed;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto call = real<int (*)(clockid_t, timespec*)>("clock_gettime", "GLIBC_2.17");
  if (clock != CLOCK_MONOTONIC || !sim::is_on()) return call(clock, time);
  const std::int64_t now = sim::now_ns();
  *time = {now / 1'000'000'000, now % 1'000'000'000};
  return 0;
}

}  // extern "C"
