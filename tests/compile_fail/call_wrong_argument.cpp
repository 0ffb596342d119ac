// expect: call: the arguments do not match the frame's first members
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_ASYNC_FRAME(doubled, int) {
  int n;
  COWARP_BODY_BEGIN
  COWARP_RETURN(2 * n);
  COWARP_BODY_END
};

COWARP_FN inline auto wrong() { return cowarp::call<doubled>("three"); }

int main() {}
