// SPDX-License-Identifier: MIT
// Law: the gradient of a tied tensor is the sum of the gradients its two places would have alone.

#include "batch.hpp"
#include "generate.hpp"

#include <support/backend.hpp>

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/model/tied.hpp>
#include <rondo/model/workspace.hpp>

namespace tied_law_test {

using namespace law;
using namespace rondo;

using Untied = Sequential<Named<"in", Embedding<7, 5>>, Named<"rec", RNN<5, 5>>, Named<"out", Linear<5, 7>>>;
using Shared = Tied<Untied, Tie<"out.weight", "in.weight">, Tie<"rec.bias_hh_l0", "rec.bias_ih_l0">>;
using B = TestBackend<double>;

static_assert(parameter_count<Untied> == 7 * 5 + 2 * 25 + 2 * 5 + 7 * 5 + 7);
static_assert(parameter_count<Shared> == 7 * 5 + 2 * 25 + 5 + 7);
static_assert(buffer_size<Shared> == padded(7 * 5) + 2 * padded(25) + padded(5) + padded(7));
static_assert(Shared::tensors.size() == Untied::tensors.size());

/// The untied network's numbers from the tied one's: each tensor from where it lies.
std::vector<double> untied(const std::vector<double>& values) {
    std::vector<double> all(buffer_size<Untied>);
    for (std::size_t k = 0; k < Shared::tensors.size(); ++k)
        std::copy_n(values.data() + Shared::tensors[k].offset, Shared::tensors[k].size(),
                    all.data() + Untied::tensors[k].offset);
    return all;
}

TEST(TiedLaw, GradientsAddUp) {
    holds("gradient of a tied tensor = sum of both", [] {
        const Size size;
        const auto lengths = size.any_lengths();
        law::Batch<int> x{1, size.steps + 1, size.batch, lengths}, target = x;
        x.each([&](int t, int b, int) {
            x.at(t, b, 0) = (2 * t + 3 * b) % 7;
            target.at(t, b, 0) = (5 * t + b) % 7;
        });
        const auto tokens = x.place<B, 1>(), targets = target.place<B, 1>();
        const double terms = CrossEntropy{}.terms({target.value.data(), nullptr, target.extent()});
        const Model<Shared, B> tied{Seed{size.seed}};
        Model<Untied, B> apart;
        apart.assign(untied(tied.values()));
        const auto train = [&]<class Net>(const Model<Net, B>& model) {
            Workspace<Net, B> work;
            Model<Net, B> gradient;
            const double loss = work.train(model, &gradient, nullptr, {}, [&](auto& run) {
                return CrossEntropy{}(run, Net::forward(run, tokens.input()), targets.input(), terms);
            });
            return std::pair{loss, gradient.values()};
        };
        const auto [loss, together] = train(tied);
        const auto [same, each] = train(apart);
        RC_ASSERT(loss == same);
        std::vector<double> sum(together.size());
        for (std::size_t k = 0; k < Shared::tensors.size(); ++k)
            for (std::size_t j = 0; j < Shared::tensors[k].size(); ++j)
                sum[Shared::tensors[k].offset + j] += each[Untied::tensors[k].offset + j];
        RC_ASSERT(difference(sum, together) <= tolerance<double>);
    });
}

TEST(TiedLaw, BothNamesAreOneTensor) {
    Model<Shared> model{Seed{1}};
    EXPECT_EQ(model.tensor<"in.weight">().data(), model.tensor<"out.weight">().data());
    model.tensor<"out.weight">()(3, 2) = 17;
    EXPECT_EQ((model.tensor<"in.weight">()(3, 2)), 17);
    // It is drawn once, as its first place says.
    EXPECT_EQ((Model<Shared>{Seed{1}}.tensor<"out.weight">()), (Model<Untied>{Seed{1}}.tensor<"in.weight">()));
}

} // namespace tied_law_test
