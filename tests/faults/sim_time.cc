#include "tests/faults/sim_time.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

#include "tests/faults/sim_calls.h"

namespace edge::test::sim {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kStart = 1'000'000'000'000;  ///< a deadline of 0 has passed

struct Thread {
  ~Thread();
  std::binary_semaphore turn{0};
  bool takes_part = false;
  bool ready = false;
  bool outside = false;  ///< in a call of the C library that ends by itself
  bool timed_out = false;
  pthread_cond_t* condition = nullptr;
  std::int64_t deadline = kNever;
  std::int64_t ready_since = 0;
};

std::mutex guard;
std::atomic<bool> on{false};
std::atomic<std::int64_t> now{kStart};
std::atomic<int> taking_part{0};
std::vector<Thread*> threads;
Thread* running = nullptr;
std::mt19937_64 chance;
thread_local Thread self;

void join_in(Thread& thread) {
  if (thread.takes_part) return;
  thread.takes_part = true;
  threads.push_back(&thread);
  ++taking_part;
}

void make_ready(Thread& thread, bool timed_out) {
  thread.ready_since = timed_out ? std::min<std::int64_t>(thread.deadline, now) : now.load();
  thread.ready = true;
  thread.timed_out = timed_out;
  thread.condition = nullptr;
  thread.deadline = kNever;
}

void ready_the_due() {
  for (Thread* thread : threads) {
    if (!thread->ready && thread->deadline <= now) make_ready(*thread, true);
  }
}

std::vector<Thread*> all_ready() {
  std::vector<Thread*> found;
  std::ranges::copy_if(threads, std::back_inserter(found), [](const Thread* one) { return one->ready; });
  return found;
}

/// Gives the turn to whoever can run, at the next deadline where nobody can yet. `guard` is held, nobody runs.
void pass_on() {
  running = nullptr;
  ready_the_due();
  auto ready = all_ready();
  if (ready.empty() && !threads.empty()) {
    std::int64_t next = kNever;
    for (const Thread* thread : threads) next = std::min(next, thread->deadline);
    if (next == kNever) {
      // Whoever is outside comes back.
      if (std::ranges::any_of(threads, [](const Thread* one) { return one->outside; })) return;
      std::fputs("made-up time: every thread waits for another\n", stderr);
      std::abort();
    }
    now = next;
    ready_the_due();
    ready = all_ready();
  }
  if (ready.empty()) return;
  running = ready.size() == 1 ? ready.front() : ready[chance() % ready.size()];
  running->ready = false;
  running->turn.release();
}

/// Waits for the turn; the caller has said what for.
void give_way(std::unique_lock<std::mutex>& lock) {
  if (running == &self || running == nullptr) pass_on();
  lock.unlock();
  self.turn.acquire();
}

Thread::~Thread() {
  if (!takes_part) return;
  const std::lock_guard lock(guard);
  std::erase(threads, this);
  --taking_part;
  if (on && running == this) pass_on();
}

}  // namespace

void begin(std::uint64_t seed) {
  const std::lock_guard lock(guard);
  chance.seed(seed);
  now = kStart;
  join_in(self);
  running = &self;
  on = true;
}

void end() {
  const std::lock_guard lock(guard);
  if (threads.size() != 1) {
    std::fputs("made-up time: a thread is left over\n", stderr);
    std::abort();
  }
  on = false;
  threads.clear();
  self.takes_part = false;
  --taking_part;
  running = nullptr;
}

bool is_on() { return on; }
std::int64_t now_ns() { return now; }
void spend_ns(std::int64_t ns) { now += ns; }

void sleep_ns(std::int64_t ns) {
  std::unique_lock lock(guard);
  self.deadline = now + ns;
  give_way(lock);
}

void yield() {
  std::unique_lock lock(guard);
  ready_the_due();
  if (all_ready().empty()) return;
  running = nullptr;
  pass_on();  // to one of the others: the caller is not ready yet
  make_ready(self, false);
  lock.unlock();
  self.turn.acquire();
}

std::int64_t overdue_ns() {
  const std::lock_guard lock(guard);
  ready_the_due();
  std::int64_t longest = 0;
  for (const Thread* thread : all_ready()) longest = std::max(longest, now - thread->ready_since + 1);
  return longest;
}

void await_threads(int count) {
  while (taking_part < count + 1) std::this_thread::yield();
}

int wait_for(pthread_cond_t* condition, pthread_mutex_t* mutex, std::int64_t deadline_ns) {
  std::unique_lock lock(guard);
  join_in(self);
  self.condition = condition;
  self.deadline = deadline_ns;
  ::pthread_mutex_unlock(mutex);
  if (running != &self && running != nullptr) {  // new: somebody else has the turn
    lock.unlock();
    self.turn.acquire();
  } else {
    give_way(lock);
  }
  ::pthread_mutex_lock(mutex);
  return self.timed_out ? ETIMEDOUT : 0;
}

void wake(pthread_cond_t* condition, bool everybody) {
  const std::lock_guard lock(guard);
  for (Thread* thread : threads) {
    if (thread->condition != condition) continue;
    make_ready(*thread, false);
    if (!everybody) return;
  }
}

void step_out() {
  const std::lock_guard lock(guard);
  self.outside = true;
  if (running == &self) pass_on();
}

void step_in() {
  std::unique_lock lock(guard);
  self.outside = false;
  make_ready(self, false);
  if (running == nullptr) {
    pass_on();
  }
  lock.unlock();
  self.turn.acquire();
}

}  // namespace edge::test::sim
