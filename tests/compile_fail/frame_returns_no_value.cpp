// expect: this body must end with COWARP_RETURN.value. on every path
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

COWARP_ASYNC_FRAME(giving, int) {
  COWARP_BODY_BEGIN
  COWARP_RETURN();
  COWARP_BODY_END
};

int main() {}
