#pragma once
#include <cstdint>

/// Made-up time for real threads. Between begin() and end() one thread at a time has the turn; it keeps it until it
/// waits (for a condition variable, for another thread's end, in sleep_ns()) or yields. Where everybody waits, time
/// jumps to the next deadline: 200 ms pass in no time, and a seed gives the same run again.
///
/// pthread_cond_*, pthread_join and the monotonic clock of the whole program go through here (sim_calls.cc); outside of
/// begin() and end() they are the C library's. A thread takes part from its first wait on. A thread that waits in here
/// must hold no mutex but the one it waits with where another thread wants it.
namespace edge::test::sim {

/// The caller takes the turn; `seed` decides who runs where several could.
void begin(std::uint64_t seed);
/// The caller takes the turn back for good; all others must have ended.
void end();
bool is_on();

std::int64_t now_ns();
/// Time passes for the caller alone: work that others need not wait for.
void spend_ns(std::int64_t ns);
void sleep_ns(std::int64_t ns);
/// Lets another thread run, where one could.
void yield();
/// How long the one that waits longest for its turn could have run already; 0 = nobody.
std::int64_t overdue_ns();
/// Waits (in real time) until that many threads besides the caller take part.
void await_threads(int count);

}  // namespace edge::test::sim
