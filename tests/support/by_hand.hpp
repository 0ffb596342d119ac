// SPDX-License-Identifier: Apache-2.0
/// \file
/// Laws of a primitive as plain sequences: futures polled by hand, all inside one poll of one task.
#pragma once

#include <cowarp/cowarp.hpp>

#include <support/checks.hpp>
#include <support/random_numbers.hpp>

#include <cstdint>
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
template <class Future>
class by_hand {
 public:
  using output = typename Future::output;

  COWARP_FN void start(Future&& future) {
    output_.reset();
    future_.emplace(static_cast<Future&&>(future));
  }
  /// Starts it and polls it once. \returns true if it was ready.
  COWARP_FN bool begin(cowarp::context& cx, Future&& future) {
    start(static_cast<Future&&>(future));
    return poll(cx);
  }
  /// \returns true if it is ready, now or before.
  COWARP_FN bool poll(cowarp::context& cx) {
    if (!future_) return output_.has_value();
    output_ = future_->poll(cx);
    if (output_) future_.reset();
    return output_.has_value();
  }
  /// Drops the future, or its output.
  COWARP_FN void cancel() {
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

/// Runs `Law::check(cx, primitive, found)` once, in a task.
template <class Law>
struct law_program {
  using primitive = typename Law::primitive;
  using place     = home<primitive>;
  using output    = cowarp::unit;

  struct grid {
    checks found;
    typename place::in_grid shared;
  };
  struct body {
    primitive& of;
    checks& found;
    COWARP_FN cowarp::polled<cowarp::unit> operator()(cowarp::context& cx) const {
      Law::check(cx, of, found);
      return cowarp::unit{};
    }
  };
  COWARP_TASK_FRAME(run_law, 1) {
    primitive& of;
    checks& found;
    COWARP_BODY_BEGIN
    COWARP_AWAIT(cowarp::poll_fn(body{of, found}));
    COWARP_BODY_END
  };
  struct app : cowarp::program<run_law> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      static_cast<void>(s.template spawn<run_law>(place::find(mine, all.shared), all.found));
    }
  };
};

/// Checks a law in a block of its own.
template <class Law>
void require_law() {
  if constexpr (COWARP_HAS_CUDA && Law::primitive::primitive_scope == cowarp::scope::system) {
    SUCCEED("on a GPU it is device scope but for one word in each instruction: see `player`");
  } else {
    typename law_program<Law>::grid state{};
    run_to_end<typename law_program<Law>::app>(state);
    state.found.require_none();
  }
}

}  // namespace test
