// SPDX-License-Identifier: Apache-2.0
/// \file
/// `main` of the test programs where Catch2 comes without one.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
