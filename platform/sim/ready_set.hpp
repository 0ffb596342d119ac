// SPDX-License-Identifier: Apache-2.0
/// \file
/// The lanes that can run, and the two ways to choose among them.
#pragma once

#include <cowarp/platform/sim/fiber.hpp>
#include <cowarp/platform/sim/options.hpp>
#include <cowarp/platform/sim/random.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace cowarp::sim {

/// Chooses who runs. The running fiber stays in the set until it waits.
class ready_set {
 public:
  virtual ~ready_set() = default;

  virtual void add(fiber& f)    = 0;
  virtual void remove(fiber& f) = 0;
  /// Lets others run before `f`, which waits for one of them.
  virtual void set_back(fiber& f) = 0;
  /// \returns who runs after step `step`, at which `running` may be interrupted.
  virtual fiber& at_point(fiber& running, std::uint64_t step) = 0;
  /// After `at_point` chose another: `f` goes on all the same.
  virtual void stay(fiber& f) = 0;
  /// \returns who runs next; null if nobody can, but for who is stopped.
  virtual fiber* next() = 0;
  /// Lets one that is stopped go on. \returns false if there is none.
  virtual bool end_stall() { return false; }
  [[nodiscard]] virtual bool has_stalled() const { return false; }
};

/// Every ready fiber is as likely as any other, but for those that are stopped for a while.
class random_set final : public ready_set {
 public:
  random_set(const options& how, random_source& random) : how_(how), random_(random) {}

  void add(fiber& f) override;
  void remove(fiber& f) override;
  void set_back(fiber&) override {}
  fiber& at_point(fiber& running, std::uint64_t step) override;
  void stay(fiber& f) override;
  fiber* next() override;
  bool end_stall() override;
  [[nodiscard]] bool has_stalled() const override { return !stalled_.empty(); }

 private:
  struct stalled {
    fiber* who;
    std::uint64_t until;
  };

  void go_on(std::size_t i);

  options how_;
  random_source& random_;
  std::vector<fiber*> ready_;
  std::vector<stalled> stalled_;
};

/// The fiber of the highest priority runs: warps are in a random order, and so are the lanes of each.
/// At a few random steps, and whenever it waits in a loop, the running fiber goes behind all others.
/// So that loops which wait for each other end, the fiber that is behind all others is moved to the
/// front every so many steps.
class priority_set final : public ready_set {
 public:
  priority_set(const options& how, random_source& random, std::uint32_t warps);

  void add(fiber& f) override;
  void remove(fiber& f) override;
  void set_back(fiber& f) override;
  fiber& at_point(fiber& running, std::uint64_t step) override;
  void stay(fiber& f) override;
  fiber* next() override;

 private:
  static constexpr std::uint32_t patience = 512;  // steps between two moves to the front

  struct lanes {
    std::uint32_t ready;  // bit i: the lane with rank i
    std::uint32_t rank_of[32];
    fiber* by_rank[32];
  };

  void raise_last();
  [[nodiscard]] bool is_behind(const fiber& f) const { return f.place != 0; }

  random_source& random_;
  std::vector<std::uint32_t> order_;  // warps, the highest priority first
  std::vector<lanes> warps_;
  std::deque<fiber*> behind_;
  std::vector<std::uint64_t> change_at_;  // steps, the next one last
  std::uint64_t raise_at_ = patience;
  bool has_changed_       = false;
  bool raises_behind_     = false;  // the last raise was of a lane that had been set back
};

[[nodiscard]] std::unique_ptr<ready_set> make_ready_set(const options& how, random_source& random,
                                                        std::uint32_t warps);

}  // namespace cowarp::sim
