// SPDX-License-Identifier: Apache-2.0
/// \file
/// A message that owns something is owned once, wherever it is: what was made is destroyed once.
#include <support/checks.hpp>
#include <support/stage.hpp>

namespace owning_message_test {

using cowarp::scope;

/// Counts how many there are; what was moved from is none.
class owner {
 public:
  owner() = default;
  COWARP_FN explicit owner(std::int32_t& alive) : alive_(&alive) { ++*alive_; }
  COWARP_FN owner(owner&& other) noexcept : alive_(other.alive_) { other.alive_ = nullptr; }
  COWARP_FN owner& operator=(owner&& other) noexcept {
    if (this != &other) clear();
    alive_       = other.alive_;
    other.alive_ = nullptr;
    return *this;
  }
  COWARP_FN ~owner() { clear(); }

 private:
  COWARP_FN void clear() {
    if (alive_ != nullptr) --*alive_;
    alive_ = nullptr;
  }
  std::int32_t* alive_ = nullptr;
};

struct messages {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    std::int32_t alive = 0;
    {
      auto& c = on.place<cowarp::channel<owner, 1, S>>();
      on.check.that(c.try_send(owner(alive)).is_ok());
      on.check.equal(alive, 1);
      on.check.that(!c.try_send(owner(alive)).is_ok());  // comes back, and is gone
      on.check.equal(alive, 1);
      {
        auto waits = c.send(owner(alive));
        on.check.that(!on.poll(0, waits));
        on.check.equal(alive, 2);
      }
      on.check.equal(alive, 1);
      on.check.that(c.try_receive().has_value());
      on.check.equal(alive, 0);
    }
    {
      auto& c = on.place<cowarp::greedy_channel<owner, 1, S>>();
      on.check.that(c.try_send(owner(alive)).is_ok());
      { auto unpolled = c.send(owner(alive)); }
      on.check.equal(alive, 1);
      on.check.that(c.try_receive().has_value());
      on.check.equal(alive, 0);
    }
  }
};

struct values {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    std::int32_t alive = 0;
    auto& last         = on.place<cowarp::signal<owner, S>>();
    last.send(owner(alive));
    last.send(owner(alive));
    on.check.equal(alive, 1);
    on.check.that(last.try_take().has_value());
    on.check.equal(alive, 0);

    auto& one = on.place<cowarp::oneshot<owner, S>>();
    on.check.that(one.send(owner(alive)).is_ok());
    on.check.that(!one.send(owner(alive)).is_ok());
    on.check.equal(alive, 1);
    {
      auto receive = one.receive();
      on.check.that(on.poll(0, receive).has_value());
    }
    on.check.equal(alive, 0);
  }
};

using all = test::laws<messages, values>;

}  // namespace owning_message_test

TEST_CASE("owning: a message is destroyed once", "[sync][owning]") {
  test::play<owning_message_test::all, owning_message_test::messages>();
}
TEST_CASE("owning: a value is destroyed once", "[sync][owning]") {
  test::play<owning_message_test::all, owning_message_test::values>();
}
