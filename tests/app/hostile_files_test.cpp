// Files and messages that come from elsewhere, spoilt at random.
#include <gtest/gtest.h>

#include "tests/support/fuzz_documents.h"
#include "tests/support/fuzz_messages.h"
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

TEST(HostileFiles, FeedbackOfOthers) {
  drive(fuzz_zip, zip_samples(), 2000);
}

TEST(HostileMessages, OfADetector) {
  drive(fuzz_external, external_samples(), 2000);
}

TEST(HostileMessages, OfAnArchivesQueue) {
  drive(fuzz_archive_job, archive_job_samples(), 3000);
}

TEST(HostileMessages, OfWhoAsks) {
  drive(fuzz_api, api_samples(), 500);
}

}  // namespace
}  // namespace rearview::test
