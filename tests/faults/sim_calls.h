#pragma once
#include <pthread.h>

#include <cstdint>

/// What sim_calls.cc, which stands in front of the C library, hands to sim_time.cc.
namespace edge::test::sim {

/// `deadline_ns` of now_ns(); the maximum = none. 0 or ETIMEDOUT.
int wait_for(pthread_cond_t* condition, pthread_mutex_t* mutex, std::int64_t deadline_ns);
void wake(pthread_cond_t* condition, bool everybody);
/// The caller waits for something outside: the turn goes on.
void step_out();
void step_in();

}  // namespace edge::test::sim
