#include <gtest/gtest.h>

#include "tests/support/fuzz_fleet.h"
#include "tests/support/mutation.h"

namespace rearview::test {
namespace {

TEST(StreamMessage, WhateverLiesInTheStreamIsUnderstoodOrRefusedInAFewWords) {
  drive(fuzz_fleet, fleet_samples(), 5000);
}

}  // namespace
}  // namespace rearview::test
