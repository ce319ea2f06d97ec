#include "app/parts.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace rearview {
namespace {

TEST(Parts, BeginInOrderAndEndInReverseOnce) {
  std::string told;
  {
    Parts parts;
    for (const char name : {'a', 'b', 'c'})
      parts.add({[&told, name] { told += name; },
                 [&told, name] { told += static_cast<char>(name - 32); }});
    parts.stop();
    parts.start();
    parts.stop();
    parts.stop();
  }
  EXPECT_EQ(told, "abcCBA");
}

TEST(Parts, WhatDoesntBeginEndsThoseBeforeIt) {
  std::string told;
  Parts parts;
  parts.add({[&] { told += 'a'; }, [&] { told += 'A'; }});
  parts.add({[] { throw std::runtime_error("the port is taken"); }, [&] { told += 'B'; }});
  parts.add({[&] { told += 'c'; }, [&] { told += 'C'; }});
  EXPECT_THROW(parts.start(), std::runtime_error);
  EXPECT_EQ(told, "aBA");
}

}  // namespace
}  // namespace rearview
