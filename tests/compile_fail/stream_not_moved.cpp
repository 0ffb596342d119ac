// expect: give it the stream with std::move
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/future/stream_adaptors.hpp>

struct one {
  COWARP_FN cowarp::optional<int> operator()() const { return 1; }
};

int main() {
  auto ones = cowarp::from_fn(one{});
  static_cast<void>(cowarp::take(ones, 3));
}
