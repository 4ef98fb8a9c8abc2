// SPDX-License-Identifier: MIT
// Tied tensors: two entries of the layout on one offset, the rest closed up behind them.
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>
#include <rondo/model/tied.hpp>

#include <gtest/gtest.h>

namespace tied_test {

using namespace rondo;

using Plain = Sequential<Named<"a", Linear<4, 4>>, Named<"b", Linear<4, 4>>, Named<"c", Linear<4, 4>>>;

template <class Net, Text name>
constexpr std::size_t offset = Net::tensors[tensor_index<Net, name>].offset;

using One = Tied<Plain, Tie<"b.weight", "a.weight">>;
static_assert(offset<One, "a.weight"> == 0 && offset<One, "a.bias"> == 16 && offset<One, "b.weight"> == 0);
static_assert(offset<One, "b.bias"> == 32 && offset<One, "c.weight"> == 48 && offset<One, "c.bias"> == 64);
static_assert(parameter_count<One> == 2 * 16 + 3 * 4 && buffer_size<One> == 80);
static_assert(One::tensors[2].name.view() == "b.weight" && is_tied(One::tensors, 2) && !is_tied(One::tensors, 0));
static_assert(One::input_size == 4 && One::output_size == 4);

// A chain of ties is one tensor, whether its links are told together or one network after the other.
using Chain = Tied<Plain, Tie<"b.weight", "a.weight">, Tie<"c.weight", "b.weight">>;
using Turned = Tied<Plain, Tie<"c.weight", "b.weight">, Tie<"b.weight", "a.weight">>;
using Twice = Tied<Tied<Plain, Tie<"b.weight", "a.weight">>, Tie<"c.weight", "a.weight">, Tie<"c.bias", "b.bias">>;
template <class Net>
constexpr bool all_one =
    offset<Net, "a.weight"> == offset<Net, "b.weight"> && offset<Net, "a.weight"> == offset<Net, "c.weight">;
static_assert(all_one<Chain> && all_one<Turned> && all_one<Twice>);
static_assert(parameter_count<Chain> == 16 + 3 * 4 && parameter_count<Turned> == 16 + 3 * 4);
static_assert(parameter_count<Twice> == 16 + 2 * 4 && buffer_size<Twice> == 16 + 2 * 16);

// A tied network stays tied as a layer of another.
using Nested = Sequential<Named<"first", Linear<2, 4>>, Named<"net", One>, Named<"last", Linear<4, 1>>>;
static_assert(offset<Nested, "net.a.weight"> == offset<Nested, "net.b.weight">);
static_assert(parameter_count<Nested> == 12 + parameter_count<One> + 5);
static_assert(buffer_size<Nested> == 32 + buffer_size<One> + 32);

TEST(Tied, IsDrawnOnceAndInFull) {
    const Model<Nested> model{Seed{1}};
    EXPECT_EQ(model.tensor<"net.a.weight">().data(), model.tensor<"net.b.weight">().data());
    for (const ParameterSpec& t : Nested::tensors)
        for (std::size_t k = 0; k < t.size(); ++k)
            EXPECT_NE(model.data()[t.offset + k], 0) << t.name.view() << ' ' << k;
}

} // namespace tied_test
