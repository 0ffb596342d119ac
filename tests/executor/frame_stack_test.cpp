// SPDX-License-Identifier: Apache-2.0
#include <cowarp/executor/frame_stack.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <cstring>

namespace frame_stack_test {

struct fixture {
  alignas(16) unsigned char bytes[256];
  cowarp::frame_stack stack{bytes, sizeof bytes};
};

}  // namespace frame_stack_test

TEST_CASE("frame_stack: frames are apart and aligned", "[executor][frame_stack]") {
  frame_stack_test::fixture f;
  void* first  = f.stack.allocate(20);
  void* second = f.stack.allocate(40);
  REQUIRE(first != nullptr);
  REQUIRE(second != nullptr);
  CHECK(reinterpret_cast<std::uintptr_t>(first) % 16 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(second) % 16 == 0);
  std::memset(first, 0xaa, 20);
  std::memset(second, 0xbb, 40);
  CHECK(static_cast<unsigned char*>(first)[19] == 0xaa);
  f.stack.release(second);
  f.stack.release(first);
}

TEST_CASE("frame_stack: what does not fit is refused", "[executor][frame_stack]") {
  frame_stack_test::fixture f;
  CHECK(f.stack.allocate(241) == nullptr);
  void* all = f.stack.allocate(240);  // 16 bytes go to the header
  CHECK(all != nullptr);
  CHECK(f.stack.allocate(1) == nullptr);
  f.stack.release(all);
  CHECK(f.stack.allocate(240) == all);
}

TEST_CASE("frame_stack: the last frame's room is used again", "[executor][frame_stack]") {
  frame_stack_test::fixture f;
  void* first  = f.stack.allocate(64);
  void* second = f.stack.allocate(64);
  f.stack.release(second);
  CHECK(f.stack.allocate(64) == second);
  f.stack.release(second);
  f.stack.release(first);
  CHECK(f.stack.allocate(240) == first);
}

TEST_CASE("frame_stack: a hole is used once all above is free", "[executor][frame_stack]") {
  frame_stack_test::fixture f;
  void* first  = f.stack.allocate(32);
  void* second = f.stack.allocate(32);
  void* third  = f.stack.allocate(32);
  f.stack.release(second);
  f.stack.release(first);
  CHECK(f.stack.allocate(128) == nullptr);
  f.stack.release(third);
  CHECK(f.stack.allocate(240) == first);
}

TEST_CASE("frame_stack: it owns its frames and no others", "[executor][frame_stack]") {
  frame_stack_test::fixture f;
  int elsewhere     = 0;
  const void* frame = f.stack.allocate(8);
  CHECK(f.stack.owns(frame));
  CHECK_FALSE(f.stack.owns(&elsewhere));
  CHECK_FALSE(f.stack.owns(f.bytes + sizeof f.bytes));
  CHECK_FALSE(cowarp::frame_stack(nullptr, 0).owns(&elsewhere));
}
