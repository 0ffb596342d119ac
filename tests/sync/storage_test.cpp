// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the primitives cost in bytes, as their docstrings say; the same for every compiler.
#include <support/checks.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace storage_test {

using cowarp::scope;
using word = std::uint64_t;

struct message {
  word words[3];
};
/// Channels in an array start in different banks of shared memory.
constexpr std::size_t odd(std::size_t bytes) { return bytes / 8 % 2 == 0 ? bytes + 8 : bytes; }
/// What waits stands in a task's frame, so its size is a promise too.
template <class Future>
constexpr std::size_t waits_in = sizeof(Future);

template <scope S>
constexpr bool holds() {
  static_assert(sizeof(cowarp::event<S>) == 32);
  static_assert(waits_in<decltype(std::declval<cowarp::event<S>&>().wait())> == 48);
  static_assert(sizeof(cowarp::latch<3, S>) == 32);
  static_assert(waits_in<decltype(std::declval<cowarp::latch<3, S>&>().wait())> == 48);
  static_assert(sizeof(cowarp::barrier<3, S>) == 40);
  static_assert(waits_in<decltype(std::declval<cowarp::barrier<3, S>&>().arrive_and_wait())> == 48);
  static_assert(sizeof(cowarp::semaphore<3, S>) == 32);
  static_assert(sizeof(cowarp::greedy_semaphore<3, S>) == 32);
  static_assert(waits_in<decltype(std::declval<cowarp::semaphore<3, S>&>().acquire(1))> == 48);
  static_assert(sizeof(cowarp::wait_queue<S>) == 32);
  static_assert(waits_in<typename cowarp::wait_queue<S>::wait_future> == 48);
  static_assert(sizeof(cowarp::atomic_waker<S>) == (S == scope::block ? 4 : 8));
  static_assert(sizeof(cowarp::abort_handle<S>) == (S == scope::block ? 8 : 16));
  static_assert(sizeof(cowarp::cancellation_token<S>) == 80);
  static_assert(waits_in<decltype(std::declval<cowarp::cancellation_token<S>&>().cancelled())> ==
                40);

  static_assert(sizeof(cowarp::mutex<message, S>) == 32 + sizeof(message));
  static_assert(waits_in<decltype(std::declval<cowarp::mutex<message, S>&>().lock())> == 56);
  static_assert(sizeof(cowarp::rwlock<message, S>) == 32 + sizeof(message));
  static_assert(waits_in<decltype(std::declval<cowarp::rwlock<message, S>&>().read())> == 56);
  static_assert(sizeof(cowarp::once_lock<message, S>) == 40 + sizeof(message));
  static_assert(waits_in<decltype(std::declval<cowarp::once_lock<message, S>&>().get())> == 56);

  static_assert(sizeof(cowarp::signal<word, S>) == 24 + 8);
  static_assert(waits_in<typename cowarp::signal<word, S>::wait_future> == 40);
  static_assert(sizeof(cowarp::watch<message, S>) == 32 + sizeof(cowarp::optional<message>));
  static_assert(sizeof(cowarp::oneshot<message, S>) == 56 + sizeof(cowarp::optional<message>));

  static_assert(sizeof(cowarp::channel<message, 8, S>) == odd(72 + 8 * (sizeof(message) + 1)));
  static_assert(sizeof(cowarp::channel<std::uint8_t, 8, S>) == odd(72 + 8 * (8 + 1)));
  static_assert(sizeof(cowarp::priority_channel<word, 8, S>) == 72 + 8 * (8 + 8));
  static_assert(sizeof(cowarp::zerocopy_channel<message, 8, S>) == 88 + 8 * (16 + sizeof(message)));
  static_assert(sizeof(cowarp::pubsub_channel<message, 8, 16, S>) ==
                72 + 16 * 9 + 8 * sizeof(message));
  static_assert(sizeof(cowarp::pipe<64, S>) == 64 + 64);
  static_assert(sizeof(cowarp::mailbox<word, 8>) == 384);
  static_assert(sizeof(cowarp::mailbox<word, 16>) == 512);
  static_assert(waits_in<cowarp::mailbox<word, 8>::receive_future> == 48);
  static_assert(sizeof(cowarp::rpc_service<word, S>) == 64);
  return true;
}

static_assert(holds<scope::block>() && holds<scope::device>() && holds<scope::system>());

/// Combinators are state machines of their own: no function that keeps what it awaits a second time.
struct large_future {
  using output = int;
  word words[12];
  COWARP_FN cowarp::polled<int> poll(cowarp::context&) { return cowarp::pending; }
};
struct same {
  COWARP_FN int operator()(int i) const { return i; }
};
template <class Combined>
constexpr std::size_t added = sizeof(Combined) % sizeof(large_future);
static_assert(added<decltype(cowarp::with_timeout(std::chrono::seconds(1), large_future{}))> == 24);
static_assert(added<decltype(cowarp::map(large_future{}, same{}))> == 8);
static_assert(added<decltype(cowarp::fuse(large_future{}))> == 8);
static_assert(added<decltype(cowarp::from_outside(large_future{}))> == 8);
static_assert(sizeof(cowarp::select(large_future{}, large_future{})) == 2 * 96 + 8);
static_assert(sizeof(cowarp::select_biased(large_future{}, large_future{})) == 2 * 96 + 8);
static_assert(sizeof(cowarp::race(large_future{}, large_future{})) == 2 * 96 + 8);
static_assert(sizeof(cowarp::join(large_future{}, large_future{})) == 2 * 96 + 40);  // outputs too

}  // namespace storage_test

TEST_CASE("storage: primitives are as large as they say", "[sync][storage]") {
  SUCCEED("the compiler has seen to it");
}

TEST_CASE("storage: combinators add some words to what they await", "[future][storage]") {
  SUCCEED("the compiler has seen to it");
}
