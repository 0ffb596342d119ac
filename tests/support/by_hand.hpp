// SPDX-License-Identifier: Apache-2.0
/// \file
/// Laws of a primitive as plain sequences: futures polled by hand, all inside one poll of one task.
#pragma once

#include <cowarp/cowarp.hpp>

#include <support/checks.hpp>
#include <support/random_numbers.hpp>
#include <support/stage.hpp>

#include <type_traits>
#include <utility>

namespace test {

struct block_scope {
  static constexpr auto value = cowarp::scope::block;
};
struct device_scope {
  static constexpr auto value = cowarp::scope::device;
};
struct system_scope {
  static constexpr auto value = cowarp::scope::system;
};

/// The last argument of a TEMPLATE_TEST_CASE that holds for every scope.
#define TEST_SCOPES test::block_scope, test::device_scope, test::system_scope

/// A future that is started, polled and cancelled when the test says so.
///
/// Functions of their own, not inlined: all polls of a law in one function take compilers minutes.
template <class Future>
class by_hand {
 public:
  using output = typename Future::output;

  [[gnu::noinline]] COWARP_FN void start(Future&& future) {
    output_.reset();
    future_.emplace(static_cast<Future&&>(future));
  }
  /// Starts it and polls it once. \returns true if it was ready.
  COWARP_FN bool begin(cowarp::context& cx, Future&& future) {
    start(static_cast<Future&&>(future));
    return poll(cx);
  }
  /// \returns true if it is ready, now or before.
  [[gnu::noinline]] COWARP_FN bool poll(cowarp::context& cx) {
    if (!future_) return output_.has_value();
    output_ = future_->poll(cx);
    if (output_) future_.reset();
    return output_.has_value();
  }
  /// Drops the future, or its output.
  [[gnu::noinline]] COWARP_FN void cancel() {
    future_.reset();
    output_.reset();
  }

  [[nodiscard]] COWARP_FN bool is_waiting() const { return future_.has_value(); }
  [[nodiscard]] COWARP_FN bool is_ready() const { return output_.has_value(); }
  [[nodiscard]] COWARP_FN output& operator*() { return *output_; }
  [[nodiscard]] COWARP_FN output* operator->() { return &*output_; }

 private:
  cowarp::optional<Future> future_;
  cowarp::optional<output> output_;
};

/// Where a primitive lives: in the block state if it has block scope, in the grid state otherwise.
template <class Primitive>
struct home {
  static constexpr bool is_local = Primitive::primitive_scope == cowarp::scope::block;

  struct present {
    Primitive primitive;
  };
  struct absent {};
  using in_block = std::conditional_t<is_local, present, absent>;
  using in_grid  = std::conditional_t<is_local, absent, present>;

  COWARP_FN static Primitive& find(in_block& block, in_grid& grid) {
    if constexpr (is_local) {
      return block.primitive;
    } else {
      return grid.primitive;
    }
  }
};

/// A law as a template `Law` of its scope: `check(cx, primitive, found)` is called once, in a task.
template <template <cowarp::scope> class Law>
struct hand_played {
  template <cowarp::scope Scope>
  static COWARP_FN void play(stage& on) {
    using primitive = typename Law<Scope>::primitive;
    static_assert(primitive::primitive_scope == Scope);
    Law<Scope>::check(on.player_context(), on.place<primitive>(), on.check);
  }
};

/// The laws of a test file, in one program for all scopes.
template <template <cowarp::scope> class... Laws>
struct laws_by_hand : laws<hand_played<Laws>...> {
  /// Checks a law of the list in a block of its own.
  template <template <cowarp::scope> class Law>
  static void require(cowarp::scope scope) {
    play_at<laws_by_hand, hand_played<Law>>(scope);
  }
};

}  // namespace test
