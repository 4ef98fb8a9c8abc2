// SPDX-License-Identifier: MIT
#include <rondo/core/text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace text_test {

using rondo::Label;
using rondo::Text;

template <Text text>
constexpr std::size_t length = text.view().size();

static_assert(Text{"lstm"}.view() == "lstm" && Text{""}.view().empty());
static_assert(length<"weight_ih_l0"> == 12);
static_assert(Label{}.view().empty());
static_assert(Label{"weight_ih"}.add("_l").add(10).add("_reverse").view() == "weight_ih_l10_reverse");
static_assert(Label{}.add(0).add(7).add(2147483647).view() == "072147483647");

TEST(Label, HoldsNinetySixCharacters) {
    const std::string text(96, 'x');
    EXPECT_EQ(Label{text.c_str()}.view(), text);
    EXPECT_EQ(Label{}.add(text).size, 96);
}

TEST(Label, OutlivesWhatItWasMadeOf) {
    Label copy;
    {
        const std::string name = "a name";
        copy.add(name).add(1);
    }
    const Label other = copy;
    EXPECT_EQ(other.view(), "a name1");
}

} // namespace text_test
