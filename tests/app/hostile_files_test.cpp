// Files that come from elsewhere, spoilt at random.
#include <gtest/gtest.h>

#include "tests/support/fuzz_documents.h"
#include "tests/support/fuzz_settings.h"
#include "tests/support/mutation.h"

namespace rearview::test {
namespace {

TEST(HostileFiles, Truth) {
  drive(fuzz_truth, truth_samples(), 3000);
}

TEST(HostileFiles, WhatAStoreHolds) {
  drive(fuzz_stored, stored_samples(), 3000);
}

TEST(HostileFiles, Settings) {
  drive(fuzz_settings, settings_samples(), 500);
}

TEST(HostileFiles, TheManifestOfModels) {
  drive(fuzz_manifest, manifest_samples(), 3000);
}

}  // namespace
}  // namespace rearview::test
