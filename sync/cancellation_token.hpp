// SPDX-License-Identifier: Apache-2.0
/// \file
/// Asking many tasks to end, as a tree: who cancels a token cancels all below it.
#pragma once

#include <cowarp/executor/future.hpp>
#include <cowarp/platform/spin_lock.hpp>
#include <cowarp/sync/detail/line.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// A request to end, for any number of tasks: they await it, look at it, or run a future until it
/// comes (sync/until_cancelled.hpp).
///
/// ```text
///  ┌──────┐  cancel 1   ┌────────────────────┐  all woken 2   ┌───────────┐
///  │ live ├────────────►│ cancelled, in line ├───────────────►│ cancelled │
///  └──────┘             └────────────────────┘                └───────────┘
/// ```
///
/// 1  this token and all below it, at once; the tree forgets them, and they stand in line at its root
/// 2  nobody waits for it any more, and nobody who cancels touches it
///
/// A token is a root, or follows a parent from its making on. A token that is destroyed leaves its
/// children to its parent. Whoever follows a cancelled token is cancelled at once.
///
/// Invariant:     below a cancelled token all are cancelled; nobody waits for one that is out of line.
/// Called by:     any lane within `Scope`, any number at once; `follow` and the destructor: one, while
///                nobody uses the token otherwise. Any number of tasks may wait.
/// Scope:         `Scope`; with `block` it lives in the block state. A tree is of one scope.
/// Memory order:  what was written before `cancel` is visible to who sees that it is cancelled.
/// Resumes on:    the executor's next poll of the waiting task; at once if it is cancelled.
/// Progress:      one short spin lock for each tree, held as long as it takes to mark what is below;
///                `is_cancelled` is wait-free.
/// Storage:       80 bytes; zero bytes are valid: a live root. A waiting future: 40 bytes. A token
///                outlives its futures; a root all below it, and calls of `cancel` there.
/// Fails:         in Debug builds, if it is destroyed while tasks wait for it, or as a root before its
///                children.
/// After tokio-util's `CancellationToken`, without a heap.
template <scope Scope = scope::device>
class cancellation_token {
 public:
  static constexpr scope primitive_scope = Scope;

  class cancelled_future;
  class guard;

  cancellation_token() = default;
  /// Made as a child.
  COWARP_FN explicit cancellation_token(cancellation_token& parent) { follow(parent); }
  /// A frame moves before its first poll, when nobody uses its tokens yet.
  COWARP_FN cancellation_token(cancellation_token&& other) noexcept {
    COWARP_ASSERT(other.is_new(), "a cancellation token must not move once it was used");
    static_cast<void>(other);
  }
  COWARP_FN ~cancellation_token() {
    // On the host side a copy of the state may come back with a tree of a run that is over.
    if (platform::has_block() && (root_ == nullptr || state() != over)) leave_tree();
  }

  /// Makes the token a child of `parent`: cancelled with it. \pre nobody uses the token yet.
  COWARP_FN void follow(cancellation_token& parent) {
    COWARP_ASSERT(is_new(), "a token follows one parent, before anything else is done with it");
    root_ = &parent.root();
    root_->lock_.with([&] {
      if (parent.is_cancelled()) {
        set_state(over);
      } else {
        parent.adopt(*this);
      }
    });
  }

  /// Cancels the token and all below it, for good.
  COWARP_FN void cancel() {
    if (is_cancelled()) return;
    cancellation_token& top = root();
    bool is_first           = true;
    bool is_done            = false;
    while (!is_done) {
      detail::wake_list woken;
      top.lock_.with([&] {
        if (is_first) take_subtree(top);
        is_first = false;
        is_done  = top.call(woken);
      });
      woken.wake_all();
    }
  }

  /// \returns a future that is ready once the token is cancelled.
  [[nodiscard]] COWARP_FN cancelled_future cancelled() { return cancelled_future(*this); }

  [[nodiscard]] COWARP_FN bool is_cancelled() const {
    // relaxed: live most often, and an acquire throws this SM's L1 away.
    return state_.load(platform::relaxed) != live && state() != live;
  }

 private:
  static constexpr std::uint32_t live    = 0;
  static constexpr std::uint32_t in_line = 1;  // stands in line at the root
  static constexpr std::uint32_t over    = 2;

  [[nodiscard]] COWARP_FN std::uint32_t state() const {
    // acquire: shows what came before `cancel`.
    return state_.load(platform::acquire);
  }
  COWARP_FN void set_state(std::uint32_t to) {
    // release: shows what came before `cancel` to who looks without the lock.
    state_.store(to, platform::release);
  }

  [[nodiscard]] COWARP_FN bool is_new() const {
    return root_ == nullptr && first_child_ == nullptr && waiting_.is_empty() && !is_cancelled();
  }
  [[nodiscard]] COWARP_FN cancellation_token& root() { return root_ == nullptr ? *this : *root_; }

  // ---- under the root's lock ----

  COWARP_FN void adopt(cancellation_token& child) {
    child.parent_   = this;
    child.previous_ = nullptr;
    child.next_     = first_child_;
    if (first_child_ != nullptr) first_child_->previous_ = &child;
    first_child_ = &child;
  }

  /// Takes the token out of its parent's children, or out of the line.
  COWARP_FN void unlink(cancellation_token*& first, cancellation_token** last) {
    (previous_ != nullptr ? previous_->next_ : first) = next_;
    if (next_ != nullptr) {
      next_->previous_ = previous_;
    } else if (last != nullptr) {
      *last = previous_;
    }
    next_ = previous_ = parent_ = nullptr;
  }

  COWARP_FN void stand_in_line(cancellation_token& top) {
    parent_                                                        = nullptr;
    next_                                                          = nullptr;
    previous_                                                      = top.last_in_line_;
    (previous_ != nullptr ? previous_->next_ : top.first_in_line_) = this;
    top.last_in_line_                                              = this;
    set_state(in_line);
  }

  /// Moves the token and all below it from the tree into the line, parents before children.
  COWARP_FN void take_subtree(cancellation_token& top) {
    if (is_cancelled()) return;
    if (parent_ != nullptr) unlink(parent_->first_child_, nullptr);
    stand_in_line(top);
    for (cancellation_token* at = this; at != nullptr; at = at->next_) {
      while (at->first_child_ != nullptr) {
        cancellation_token& child = *at->first_child_;
        child.unlink(at->first_child_, nullptr);
        child.stand_in_line(top);
      }
    }
  }

  /// Wakes who waits for tokens in line, until the list is full. \returns true once nobody is left.
  COWARP_FN bool call(detail::wake_list& woken) {
    while (first_in_line_ != nullptr) {
      cancellation_token& first = *first_in_line_;
      while (!first.waiting_.is_empty()) {
        if (woken.is_full()) return false;
        woken.add(first.waiting_.notify_first());
      }
      first.unlink(first_in_line_, &last_in_line_);
      first.set_state(over);
    }
    return true;
  }

  COWARP_FN void leave_tree() {
    cancellation_token& top = root();
    top.lock_.with([&] {
      if (state() == in_line) unlink(top.first_in_line_, &top.last_in_line_);
      COWARP_ASSERT(
          root_ != nullptr || (first_child_ == nullptr && first_in_line_ == nullptr),
          "the root of cancellation tokens was destroyed before its children: let it live "
          "longer");
      if (parent_ == nullptr) return;
      cancellation_token& parent = *parent_;
      unlink(parent.first_child_, nullptr);
      while (first_child_ != nullptr) {
        cancellation_token& child = *first_child_;
        child.unlink(first_child_, nullptr);
        parent.adopt(child);
      }
    });
  }

  cancellation_token* root_        = nullptr;  // null: this is one
  cancellation_token* parent_      = nullptr;  // null: a root, or not in the tree any more
  cancellation_token* first_child_ = nullptr;
  cancellation_token* next_        = nullptr;  // among the parent's children, or in line
  cancellation_token* previous_    = nullptr;
  detail::owned_queue waiting_{};
  // Of a root:
  cancellation_token* first_in_line_ = nullptr;  // cancelled tokens that tasks may still wait for
  cancellation_token* last_in_line_  = nullptr;
  platform::spin_lock<Scope> lock_{};  // over the whole tree

  platform::atomic_word<Scope> state_{};
};

/// Waits until a token is cancelled.
template <scope Scope>
class COWARP_TRIVIAL_ABI cancellation_token<Scope>::cancelled_future {
 public:
  using output = unit;

  COWARP_FN explicit cancelled_future(cancellation_token& of) : of_(of) {}
  cancelled_future(cancelled_future&&) = default;  // before the first poll only
  COWARP_FN ~cancelled_future() {
    if (has_waited_) of_.root().lock_.with([&] { leave(); });
  }

  COWARP_FN polled<unit> poll(context& cx) {
    if (!has_waited_ && of_.is_cancelled()) return unit{};
    of_.root().lock_.with([&] {
      has_waited_ = !of_.is_cancelled();
      if (!has_waited_) {
        leave();
        return;
      }
      waiter_.task = cx.task();
      if (waiter_.is == detail::waiter::state::idle) of_.waiting_.push_back(waiter_);
    });
    if (has_waited_) return pending;
    return unit{};
  }

 private:
  COWARP_FN void leave() {
    if (waiter_.is == detail::waiter::state::queued) of_.waiting_.remove(waiter_);
  }

  cancellation_token& of_;
  detail::waiter waiter_;
  bool has_waited_ = false;  // the waiter may be known to the token
};

/// Cancels a token when it is destroyed, unless it was disarmed. Storage: 8 bytes.
template <scope Scope>
class COWARP_TRIVIAL_ABI cancellation_token<Scope>::guard {
 public:
  guard() = default;
  COWARP_FN explicit guard(cancellation_token& of) : of_(&of) {}
  COWARP_FN guard(guard&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  COWARP_FN ~guard() {
    if (of_ != nullptr) of_->cancel();
  }

  COWARP_FN void disarm() { of_ = nullptr; }

 private:
  cancellation_token* of_ = nullptr;
};

}  // namespace cowarp
