// SPDX-License-Identifier: Apache-2.0
/// \file
/// Room for the coroutine frames that a compiler does not put inside their callers' frames.
#pragma once

#include <cowarp/platform/platform.hpp>

#include <cstddef>
#include <cstdint>

namespace cowarp {

/// A task's own stack of frames: last in, first out, with holes for frames freed out of order.
///
/// Only builds that do not embed awaited frames use it: unoptimised clang, and g++ on the host.
///
/// Invariant:     the top block is never free.
/// Called by:     the lane that polls the task.
/// Storage:       the task's slot; 16 bytes a frame on top of the frame's own.
/// Fails:         `allocate` returns null when the frame does not fit.
class frame_stack {
 public:
  COWARP_FN frame_stack(unsigned char* base, std::uint32_t bytes) : base_(base), bytes_(bytes) {}

  [[nodiscard]] COWARP_FN void* allocate(std::size_t bytes) {
    const std::size_t needed = sizeof(header) + (bytes + 15) / 16 * 16;
    if (needed > bytes_ - top_) return nullptr;
    auto* block = reinterpret_cast<header*>(base_ + top_);
    *block      = {last_, top_ + static_cast<std::uint32_t>(needed), 0, 0};
    last_       = top_ + 1;
    top_        = block->end;
    return block + 1;
  }

  /// \pre `frame` came from this stack's `allocate`.
  COWARP_FN void release(void* frame) {
    (static_cast<header*>(frame) - 1)->is_free = 1;
    while (last_ != 0 && at(last_ - 1)->is_free != 0) {
      top_  = last_ - 1;
      last_ = at(top_)->below;
    }
  }

  /// \returns true if the frame is the one that was allocated last, of those that are left.
  [[nodiscard]] COWARP_FN bool is_last(const void* frame) const {
    return last_ != 0 && frame == base_ + (last_ - 1) + sizeof(header);
  }
  /// \returns true if the frame stands in this stack.
  [[nodiscard]] COWARP_FN bool owns(const void* frame) const {
    const auto* at = static_cast<const unsigned char*>(frame);
    return at >= base_ && at < base_ + bytes_;
  }

 private:
  struct header {
    std::uint32_t below;  // offset of the block below plus one, or 0
    std::uint32_t end;    // offset behind this block
    std::uint32_t is_free;
    std::uint32_t unused;
  };
  static_assert(sizeof(header) == 16);

  COWARP_FN header* at(std::uint32_t offset) { return reinterpret_cast<header*>(base_ + offset); }

  unsigned char* base_;
  std::uint32_t bytes_;
  std::uint32_t top_  = 0;
  std::uint32_t last_ = 0;  // offset of the top block plus one, or 0
};

}  // namespace cowarp
