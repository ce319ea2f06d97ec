#include "types/enumerations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/log.h"

namespace rearview {
namespace {

/// As the compiler writes the value: its enumerator's name, or a cast of a number that has none.
template <auto Value>
constexpr std::string_view spelt() {
  std::string_view function = __PRETTY_FUNCTION__;
  function.remove_suffix(function.size() - function.find_first_of(";]", function.find("Value = ")));
  return function.substr(function.find_last_of("=: )") + 1);
}

template <typename E, std::size_t... Index>
void expect_each(std::index_sequence<Index...>) {
  EXPECT_THAT(kNames<E>, testing::ElementsAre(spelt<static_cast<E>(Index)>()...));
  EXPECT_EQ(spelt<static_cast<E>(sizeof...(Index))>(), std::to_string(sizeof...(Index)))
      << "one has no name";
}

template <typename E>
class Enumerations : public testing::Test {};
using All = testing::Types<VehicleClass, Motion, Trend, Side, AnalysisState, Road, AlertKind,
                           Explanation, AlertLevel, Mark, ClipState, CameraState, log::Level>;
TYPED_TEST_SUITE(Enumerations, All);

TYPED_TEST(Enumerations, NamesAreThoseOfAllEnumerators) {
  expect_each<TypeParam>(std::make_index_sequence<kNames<TypeParam>.size()>());
}

TYPED_TEST(Enumerations, AreReadBack) {
  for (const auto value : values<TypeParam>()) EXPECT_EQ(from_name<TypeParam>(name(value)), value);
  EXPECT_EQ(from_name<TypeParam>("Overtake"), std::nullopt);
}

}  // namespace
}  // namespace rearview
