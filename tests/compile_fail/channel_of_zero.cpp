// expect: a channel has room for at least one message
// SPDX-License-Identifier: Apache-2.0
#include <cowarp/cowarp.hpp>

cowarp::channel<int, 0> channel;

int main() {}
