// SPDX-License-Identifier: Apache-2.0
/// \file
/// Catch2, whichever of its versions 2 and 3 is installed.
#pragma once

#if defined(COWARP_CATCH2_V3)
#  include <catch2/catch_all.hpp>
#else
#  include <catch2/catch.hpp>
#endif
