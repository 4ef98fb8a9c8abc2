// SPDX-License-Identifier: MIT
// Exact functions are a choice of the backend's type: for streams, for sequences, and together with the fast ones.
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/stream.hpp>

#include <laws/batch.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <vector>

namespace stream_exact_test {

using namespace rondo;
using Net = Sequential<LSTM<3, 5>, GRU<5, 20>>;
using Exact = EigenBackend<float, simd::Exact<>>;

// What the network gives for the whole sequence at once, with weights of another backend's model.
template <class B>
std::vector<double> outputs(const Model<Net, Exact>& exact, const std::vector<float>& x) {
    using S = typename B::scalar;
    const auto values = exact.values();
    Model<Net, B> model;
    model.assign({values.begin(), values.end()});
    const std::vector<S> numbers{x.begin(), x.end()};
    Workspace<Net, B> work;
    const auto y = work.forward(model, SequenceView<const S, 3>{numbers.data(), nullptr, {int(x.size() / 3), 1}});
    return {y.value, y.value + y.size()};
}

TEST(Exact, IsNearerToDoubleThanTheFastFunctions) {
    const Model<Net, Exact> model{Seed{3}};
    const auto x = normal_numbers<float>(3 * 200, 1);
    const auto right = outputs<EigenBackend<double>>(model, x), exact = outputs<Exact>(model, x);
    EXPECT_LT(law::difference(right, exact), 3e-7);
    EXPECT_LT(law::difference(right, exact), law::difference(right, outputs<EigenBackend<float>>(model, x)));

    const Packed packed{model};
    Stream stream{packed};
    std::vector<double> streamed;
    for (std::size_t t = 0; t < 200; ++t)
        for (const float y : stream.step(std::span<const float, 3>{x.data() + 3 * t, 3})) streamed.push_back(double(y));
    EXPECT_LT(law::difference(right, streamed), 3e-7);
}

} // namespace stream_exact_test
