// SPDX-License-Identifier: MIT
#include <rondo/data/batch.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace batch_test {

using namespace rondo;

TEST(SliceMemory, CopiesTheSequencesOfEachPart) {
    const int steps = 5, batch = 33;
    std::vector<double> x(std::size_t(3 * steps * batch), 0);
    std::vector<int> tokens(std::size_t(steps * batch), 0), target(std::size_t(batch), 0),
        lengths(std::size_t(batch), 2);
    std::iota(x.begin(), x.end(), 0.5);
    std::iota(tokens.begin(), tokens.end(), 0);
    std::iota(target.begin(), target.end(), 1000);
    std::iota(lengths.begin(), lengths.begin() + 4, 1);
    const Extent extent{steps, batch, lengths.data(), 7, 11};
    const Batch<Tokens, SequenceView<const double, 3>, Tokens> all{
        {{x.data(), nullptr, extent}, {tokens.data(), nullptr, extent}},
        {target.data(), nullptr, {1, batch}},
        StatePolicy::resume};

    detail::SliceMemory memory;
    for (const auto& [first, count] : {std::pair{0, 20}, {20, 13}, {0, 33}, {32, 1}, {5, 3}}) {
        const auto part = memory.copy(all, first, count);
        const auto& [a, b] = part.inputs;
        EXPECT_EQ(part.state_policy, StatePolicy::resume);
        EXPECT_EQ(a.extent, (Extent{steps, count, lengths.data() + first, 7, 11 + first}))
            << "where random numbers are keyed";
        EXPECT_EQ(b.extent, a.extent);
        EXPECT_EQ(part.target.extent, (Extent{1, count, nullptr, 0, first}));
        for (int t = 0; t < steps; ++t)
            for (int n = 0; n < count; ++n) {
                EXPECT_EQ(b.value[t * count + n], t * batch + first + n);
                for (int row = 0; row < 3; ++row)
                    EXPECT_EQ(a.value[(t * count + n) * 3 + row], x[std::size_t((t * batch + first + n) * 3 + row)]);
            }
        for (int n = 0; n < count; ++n) EXPECT_EQ(part.target.value[n], 1000 + first + n);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.value) % 64, 0u);
    }
}

} // namespace batch_test
