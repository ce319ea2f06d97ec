#include "base/printable_text.h"

#include <gtest/gtest.h>

namespace rearview {
namespace {

TEST(PrintableText, NothingDrivesTheTerminal) {
  EXPECT_EQ(printable_text("\x1b[2Jred\nline\x7f"), "?[2Jred?line?");
  EXPECT_EQ(printable_text("\xc2\x9b"
                           "31m\xc2\x80"),
            "?31m?");
  EXPECT_EQ(printable_text("Fahrrad für André \xc2\xa0"), "Fahrrad für André \xc2\xa0");
  EXPECT_EQ(printable_text("\xc2"), "\xc2");
}

}  // namespace
}  // namespace rearview
