// SPDX-License-Identifier: Apache-2.0
/// \file
/// Laws as scripts: one task polls futures by hand, in a fixed order, and sees whom each change wakes.
#pragma once

#include <support/checks.hpp>
#include <support/random_numbers.hpp>
#include <support/steps.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

namespace test {

/// Room for what a script tests.
struct stage_room {
  alignas(64) std::byte bytes[2048];
};

/// Where a script plays: room for what it tests, checks, and actors who poll on its behalf.
///
/// An actor is a task slot without a task. A wake of it changes nothing but its ready bit, which the
/// script reads. The script must be played by the first worker of a block that has only one.
class stage {
 public:
  static constexpr std::uint32_t actors = 32;

  /// \returns zero bytes as an object of the wanted type, where the scope wants it.
  template <class Object>
  COWARP_FN Object& place() {
    static_assert(sizeof(Object) <= sizeof(stage_room));
    stage_room& room = scope == cowarp::scope::block
                           ? *static_cast<stage_room*>(cowarp::platform::this_block()->state)
                           : room_;
    for (auto& byte : room.bytes) byte = std::byte{0};
    return *std::launder(reinterpret_cast<Object*>(room.bytes));
  }

  /// \returns the context of the poll that plays: its task may be woken for nothing.
  [[nodiscard]] COWARP_FN cowarp::context& player_context() const { return *player_; }

  /// Plays on behalf of the task that is polled with `cx`.
  COWARP_FN void enter(cowarp::context& cx) { player_ = &cx; }

  /// \returns the context of an actor's poll.
  [[nodiscard]] COWARP_FN cowarp::context as(std::uint32_t actor) const {
    const std::uint32_t block = cowarp::platform::this_block()->block;
    return cowarp::context(cowarp::task_id::of(block, actors_word * 32 + actor));
  }

  /// Polls a future on behalf of an actor.
  template <class Future>
  [[gnu::noinline]] COWARP_FN auto poll(std::uint32_t actor, Future& future) const {
    cowarp::context cx = as(actor);
    return future.poll(cx);
  }

  /// \returns the actors woken since the last call, as bits.
  [[nodiscard]] COWARP_FN std::uint32_t woken() const {
    // acquire: as a worker takes a word.
    return cowarp::platform::this_block()
        ->word(actors_word)
        .ready.exchange(0, cowarp::platform::acquire);
  }

  checks check;
  counted_life::counts counts;
  std::uint32_t law;
  cowarp::scope scope;

 private:
  static constexpr std::uint32_t actors_word = 1;  // the word after the player's

  cowarp::context* player_;
  stage_room room_;
};

/// A list of laws: types with `template <cowarp::scope> static void play(stage&)`.
template <class... Laws>
struct laws {
  template <cowarp::scope Scope>
  static COWARP_FN void play(stage& on) {
    std::uint32_t i = 0;
    ((i++ == on.law ? play_one<Laws, Scope>(on) : void()), ...);
  }
  template <class Law>
  static constexpr std::uint32_t index_of() {
    std::uint32_t i = 0, result = ~0u;
    ((std::is_same_v<Law, Laws> ? void(result = i++) : void(i++)), ...);
    return result;
  }

 private:
  /// One function for each law: all of them in one would take compilers minutes.
  template <class Law, cowarp::scope Scope>
  [[gnu::noinline]] static COWARP_FN void play_one(stage& on) {
    Law::template play<Scope>(on);
  }
};

/// The task that plays; written out because COWARP_TASK_FRAME declares no templates.
template <class Laws>
struct player : cowarp::detail::frame_task<player<Laws>, 1> {
  stage& on;

  COWARP_FN cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    if (cx.is_cancelling()) return cowarp::pending;
    on.enter(cx);
    switch (on.scope) {
      case cowarp::scope::block: Laws::template play<cowarp::scope::block>(on); break;
      case cowarp::scope::device: Laws::template play<cowarp::scope::device>(on); break;
      case cowarp::scope::system:
        // On a GPU it is device scope but for one word in each instruction, and a third of the code.
        if constexpr (!cowarp::platform::on_device) {
          Laws::template play<cowarp::scope::system>(on);
        }
        break;
    }
    return cowarp::unit{};
  }
};

/// Never spawned: its slots are the actors'.
COWARP_TASK_FRAME(actor, stage::actors){COWARP_BODY_BEGIN COWARP_BODY_END};

template <class Laws>
struct theatre : cowarp::program<player<Laws>, actor> {
  using block_state = stage_room;
  using grid_state  = stage;
  COWARP_FN static void start(cowarp::spawner<theatre> s) {
    (void)s.template spawn<player<Laws>>(s.grid_state());
  }
};

/// Plays one law of the list at one scope, and requires that its checks hold.
template <class Laws, class Law>
void play_at(cowarp::scope scope, std::uint32_t least_checks = 1) {
  stage on{};
  on.law   = Laws::template index_of<Law>();
  on.scope = scope;
  REQUIRE(on.law != ~0u);
  if (COWARP_HAS_CUDA && scope == cowarp::scope::system) return;  // see `player`
  run_to_end<theatre<Laws>>(on, {.blocks = 1, .workers = 1});
  INFO("scope " << static_cast<int>(scope));
  on.check.require_none(least_checks);
}

/// Plays one law of the list at every scope.
template <class Laws, class Law>
void play(std::uint32_t least_checks = 1) {
  for (auto scope : {cowarp::scope::block, cowarp::scope::device, cowarp::scope::system}) {
    play_at<Laws, Law>(scope, least_checks);
  }
}

}  // namespace test
