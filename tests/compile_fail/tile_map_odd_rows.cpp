// expect: a tile's row is a multiple of 16 bytes
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

int main() {
  using map = cowarp::tile_map<float, 8, 3>;
  return static_cast<int>(map::tile_bytes);
}
