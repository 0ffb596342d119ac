// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nobody waits by asking again and again: a future that waits wakes nobody, itself included.
#include <support/checks.hpp>
#include <support/stage.hpp>

#include <cstddef>
#include <cstdint>

namespace asleep_test {

using cowarp::scope;

/// Polls a future that must wait several times: nobody may be woken, and no self-wake asked for.
template <class Future>
COWARP_FN void waits_asleep(test::stage& on, Future future) {
  for (int i = 0; i < 3; ++i) {
    cowarp::context cx = on.as(5);
    on.check.that(!future.poll(cx));
    on.check.equal(cx.flags(), 0u);
    on.check.equal(on.woken(), 0u);
  }
}

/// Who waits awake looks by itself a few times, is not woken meanwhile, and then sleeps like all others.
struct awake {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& value = on.place<cowarp::signal<int, S>>();
    {
      auto waiting = value.wait_awake(3);
      for (std::uint32_t i = 0; i < 3; ++i) {
        cowarp::context cx = on.as(5);
        on.check.that(!waiting.poll(cx));
        on.check.equal(cx.flags(), +cowarp::context::self_wake);
      }
      for (int i = 0; i < 3; ++i) {
        cowarp::context cx = on.as(5);
        on.check.that(!waiting.poll(cx));
        on.check.equal(cx.flags(), 0u);
      }
      value.send(1);
      on.check.equal(on.woken(), 1u << 5);
      on.check.equal(*on.poll(5, waiting), 1);
    }
    {
      auto waiting = value.wait_awake();
      on.check.that(!on.poll(5, waiting));
      value.send(2);
      on.check.equal(on.woken(), 0u);
      on.check.that(!value.try_take());  // it is the waiter's
      on.check.equal(*on.poll(5, waiting), 2);
    }
    {  // others stand behind, asleep, and are woken when it goes
      auto first = value.wait_awake();
      on.check.that(!on.poll(5, first));
      auto second = value.wait_awake();
      waits_asleep_at_once(on, second);
      value.send(3);
      on.check.equal(on.woken(), 0u);
      on.check.equal(*on.poll(5, first), 3);
      value.send(4);
      on.check.equal(on.woken(), 1u << 6);
      on.check.equal(*on.poll(6, second), 4);
    }
    {
      cowarp::optional<typename cowarp::signal<int, S>::wait_future> first;
      first.emplace(value.wait_awake());
      auto second = value.wait();
      on.check.that(!on.poll(5, *first));
      waits_asleep_at_once(on, second);
      value.send(5);
      first.reset();
      on.check.equal(on.woken(), 1u << 6);
      on.check.equal(*on.poll(6, second), 5);
    }
  }
  template <class Future>
  static COWARP_FN void waits_asleep_at_once(test::stage& on, Future& future) {
    cowarp::context cx = on.as(6);
    on.check.that(!future.poll(cx));
    on.check.equal(cx.flags(), 0u);
  }
};

struct pends {
  COWARP_FN cowarp::polled<int> operator()(cowarp::context&) const { return cowarp::pending; }
};
struct make_never {
  COWARP_FN auto operator()() const { return cowarp::poll_fn(pends{}); }
};

struct once_lock {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& once = on.place<cowarp::once_lock<int, S>>();
    waits_asleep(on, once.get());
    auto maker = once.get_or_init(make_never{});
    on.check.that(!on.poll(0, maker) && on.woken() == 0);
    waits_asleep(on, once.get());
    waits_asleep(on, once.get_or_init(make_never{}));
  }
};

struct lazy_lock {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& lazy = on.place<cowarp::lazy_lock<int, make_never, S>>();
    auto first = lazy.get();
    on.check.that(!on.poll(0, first) && on.woken() == 0);
    waits_asleep(on, lazy.get());
  }
};

struct locks {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    {
      auto& mutex = on.place<cowarp::mutex<int, S>>();
      auto holder = mutex.try_lock();
      waits_asleep(on, mutex.lock());
    }
    {
      auto& lock  = on.place<cowarp::rwlock<int, S>>();
      auto reader = lock.try_read();
      waits_asleep(on, lock.write());
    }
    {
      auto& lock  = on.place<cowarp::rwlock<int, S>>();
      auto writer = lock.try_write();
      waits_asleep(on, lock.read());
    }
    {
      auto& fair = on.place<cowarp::semaphore<1, S>>();
      waits_asleep(on, fair.acquire(2));
    }
    {
      auto& greedy = on.place<cowarp::greedy_semaphore<1, S>>();
      waits_asleep(on, greedy.acquire(2));
    }
  }
};

struct meetings {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    waits_asleep(on, on.place<cowarp::event<S>>().wait());
    waits_asleep(on, on.place<cowarp::latch<1, S>>().wait());
    waits_asleep(on, on.place<cowarp::barrier<2, S>>().arrive_and_wait());
    waits_asleep(on, on.place<cowarp::wait_queue<S>>().wait());
    waits_asleep(on, on.place<cowarp::cancellation_token<S>>().cancelled());
  }
};

struct values {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    waits_asleep(on, on.place<cowarp::signal<int, S>>().wait());
    waits_asleep(on, on.place<cowarp::signal<std::uint64_t, S>>().wait());
    waits_asleep(on, on.place<cowarp::oneshot<int, S>>().receive());
    waits_asleep(on, on.place<cowarp::oneshot<int, S>>().cancellation());
    auto of_watch = on.place<cowarp::watch<int, S>>().subscribe();
    waits_asleep(on, of_watch.changed());
    waits_asleep(on, of_watch.get());
  }
};

struct messages {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    {
      auto& c = on.place<cowarp::channel<int, 1, S>>();
      waits_asleep(on, c.receive());
      waits_asleep(on, c.ready_to_receive());
      on.check.that(c.try_send(1).is_ok());
      waits_asleep(on, c.send(2));
    }
    {
      auto& c = on.place<cowarp::priority_channel<int, 1, S>>();
      waits_asleep(on, c.receive());
      on.check.that(c.try_send(1).is_ok());
      waits_asleep(on, c.send(2));
    }
    {
      auto& c = on.place<cowarp::zerocopy_channel<int, 1, S>>();
      waits_asleep(on, c.receive());
      auto slot = c.try_send();
      waits_asleep(on, c.send());
    }
    {
      auto& c = on.place<cowarp::pubsub_channel<int, 1, 1, S>>();
      auto to = c.subscribe();
      waits_asleep(on, to.next());
      on.check.that(c.try_publish(1).is_ok());
      waits_asleep(on, c.publish(2));
    }
    {
      auto& p = on.place<cowarp::pipe<1, S>>();
      std::byte byte[2]{};
      waits_asleep(on, p.read(byte));
      waits_asleep(on, p.write_all(byte));
    }
  }
};

using all = test::laws<once_lock, lazy_lock, locks, meetings, values, awake, messages>;

}  // namespace asleep_test

#define ASLEEP_LAW(text, law) \
  TEST_CASE("asleep: " text, "[sync][asleep]") { test::play<asleep_test::all, asleep_test::law>(); }

ASLEEP_LAW("who waits for a once_lock wakes nobody", once_lock)
ASLEEP_LAW("who waits for a lazy_lock wakes nobody", lazy_lock)
ASLEEP_LAW("who waits for a lock wakes nobody", locks)
ASLEEP_LAW("who waits for others wakes nobody", meetings)
ASLEEP_LAW("who waits for a value wakes nobody", values)
ASLEEP_LAW("who waits awake wakes nobody but itself, and not for long", awake)
ASLEEP_LAW("who waits for a message wakes nobody", messages)
