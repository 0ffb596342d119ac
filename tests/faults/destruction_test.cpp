// SPDX-License-Identifier: Apache-2.0
/// \file
/// A primitive that is destroyed while a task waits for it is found. Compiled with assertions, whatever the
/// build.
#include <support/checks.hpp>

#include <cstdint>
#include <string>

namespace destruction_test {

enum class what : std::uint32_t {
  channel_receive,
  channel_send,
  greedy_channel,
  priority_channel,
  zerocopy_channel,
  oneshot,
  rpc_service,
  signal,
  watch,
  once_lock,
  semaphore,
  wait_queue,
  event,
  latch,
  barrier,
  cancellation_token,
  last
};

struct state {
  what dies;
};

struct receives {
  template <class Primitive>
  COWARP_FN auto operator()(Primitive& from) const {
    return from.receive();
  }
};
struct waits {
  template <class Primitive>
  COWARP_FN auto operator()(Primitive& at) const {
    return at.wait();
  }
};
struct gets {
  template <class Primitive>
  COWARP_FN auto operator()(Primitive& from) const {
    return from.get();
  }
};
struct sends_too_much {
  template <class Channel>
  COWARP_FN auto operator()(Channel& to) const {
    static_cast<void>(to.try_send(1));
    return to.send(2);
  }
};
struct acquires {
  template <class Semaphore>
  COWARP_FN auto operator()(Semaphore& from) const {
    return from.acquire();
  }
};
struct arrives {
  template <class Barrier>
  COWARP_FN auto operator()(Barrier& at) const {
    return at.arrive_and_wait();
  }
};
struct hears {
  template <class Token>
  COWARP_FN auto operator()(Token& of) const {
    return of.cancelled();
  }
};
struct same {
  COWARP_FN std::uint32_t operator()(std::uint32_t& value) const { return value; }
};
struct calls {
  template <class Service>
  COWARP_FN auto operator()(Service& at) const {
    return at.call(same{});
  }
};

/// Waits for a primitive, and destroys it first.
template <class Primitive, class Wait>
[[gnu::noinline]] COWARP_FN void destroy_while_waiting(cowarp::context& cx, Wait wait) {
  cowarp::optional<Primitive> primitive;
  primitive.emplace();
  auto waiting = wait(*primitive);
  // More than once: a greedy_channel's future tries for a while before it sleeps.
  for (std::uint32_t i = 0; i < cowarp::platform::tries_before_sleep + 8; ++i) {
    static_cast<void>(waiting.poll(cx));
  }
  primitive.reset();
}

COWARP_TASK_FRAME(careless, 1) {
  state& s;
  COWARP_BODY_BEGIN
  if (!cowarp_cx.is_cancelling()) destroy(cowarp_cx);
  COWARP_BODY_END

  COWARP_FN void destroy(cowarp::context & cx) const {
    switch (s.dies) {
      case what::channel_receive:
        return destroy_while_waiting<cowarp::channel<int, 1>>(cx, receives{});
      case what::channel_send:
        return destroy_while_waiting<cowarp::channel<int, 1>>(cx, sends_too_much{});
      case what::greedy_channel:
        return destroy_while_waiting<cowarp::greedy_channel<int, 1>>(cx, receives{});
      case what::priority_channel:
        return destroy_while_waiting<cowarp::priority_channel<int, 1>>(cx, receives{});
      case what::zerocopy_channel:
        return destroy_while_waiting<cowarp::zerocopy_channel<int, 1>>(cx, receives{});
      case what::oneshot: return destroy_while_waiting<cowarp::oneshot<int>>(cx, receives{});
      case what::rpc_service:
        return destroy_while_waiting<cowarp::rpc_service<std::uint32_t>>(cx, calls{});
      case what::signal: return destroy_while_waiting<cowarp::signal<int>>(cx, waits{});
      case what::watch: {
        cowarp::optional<cowarp::watch<int>> watch;
        watch.emplace();
        auto receiver = watch->subscribe();
        auto waiting  = receiver.get();
        static_cast<void>(waiting.poll(cx));
        return watch.reset();
      }
      case what::once_lock: return destroy_while_waiting<cowarp::once_lock<int>>(cx, gets{});
      case what::semaphore: return destroy_while_waiting<cowarp::semaphore<0>>(cx, acquires{});
      case what::wait_queue: return destroy_while_waiting<cowarp::wait_queue<>>(cx, waits{});
      case what::event: return destroy_while_waiting<cowarp::event<>>(cx, waits{});
      case what::latch: return destroy_while_waiting<cowarp::latch<2>>(cx, waits{});
      case what::barrier: return destroy_while_waiting<cowarp::barrier<2>>(cx, arrives{});
      case what::cancellation_token:
        return destroy_while_waiting<cowarp::cancellation_token<>>(cx, hears{});
      case what::last: break;
    }
  }
};

struct app : cowarp::program<careless> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) { s.must_spawn<careless>(s.grid_state()); }
};

}  // namespace destruction_test

TEST_CASE("sync: to destroy what somebody waits for is found", "[faults][sync]") {
  using destruction_test::what;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(what::last); ++i) {
    INFO("primitive " << i << " of the list");
    destruction_test::state s{static_cast<what>(i)};
    const auto report = cowarp::run<destruction_test::app>({.blocks = 1}, s);
    CHECK(report.end == cowarp::end_reason::failed);
    const std::string& message = report.first_failure.message;
    CHECK(message.find("destroyed while tasks waited for it") != std::string::npos);
  }
}
