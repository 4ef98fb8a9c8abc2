// SPDX-License-Identifier: MIT
// Law: a stack of layers is a composition of single layers.

#include "recurrent.hpp"

#include <rondo/layer/dropout.hpp>

namespace {

using namespace law;

/// A stack of two layers beside what it must be.
template <template <int, int, rondo::Stack> class L, int In, int Hidden, rondo::Stack stack, class Scalar>
struct Pair {
    static constexpr rondo::Stack single{.bidirectional = stack.bidirectional};
    static constexpr rondo::Rate rate = stack.dropout;
    using First = L<In, Hidden, single>;
    using Stacked = Recurrent<L<In, Hidden, stack>, Scalar>;
    struct Composed
        : rondo::Network<rondo::Named<"first", First>, rondo::Named<"second", L<First::output_size, Hidden, single>>> {
        static auto forward(auto& run, const auto& x) {
            const auto y = run(rondo::layer<"first">, x);
            return run(rondo::layer<"second">,
                       rondo::dropout(run, y, rate, run.draw(1))); // 1 is the stack's first mask
        }
    };
    using Backend = TestBackend<Scalar>;
    using S = Scalar;
};

template <class P>
struct StackLaw : ::testing::Test {};
using Pairs = ::testing::Types<Pair<rondo::RNN, 3, 17, rondo::Stack{.layers = 2}, double>,
                               Pair<rondo::LSTM, 2, 5, rondo::Stack{2, true, rondo::Rate{30}}, float>,
                               Pair<rondo::GRU, 4, 6, rondo::Stack{2, false, rondo::Rate{30}}, float>,
                               Pair<PeepholeLSTM, 3, 4, rondo::Stack{2, true}, double>>;
TYPED_TEST_SUITE(StackLaw, Pairs);

TYPED_TEST(StackLaw, IsAComposition) {
    using P = TypeParam;
    using S = typename P::S;
    using Stacked = typename P::Stacked;
    using Composed = typename P::Composed;
    holds("a stack of two = the second after the first, bit by bit", [] {
        const Size size;
        const auto trial = Stacked::Trial::random(size.seed, size.steps, size.batch, size.any_lengths());
        const typename Stacked::Model stacked{rondo::Seed{size.seed}};
        rondo::Model<Composed, typename P::Backend> composed;
        // Tensors of both come in the same order: rec.weight_ih_l1 is second.weight_ih_l0.
        const auto values = stacked.values();
        auto copied = composed.values();
        for (std::size_t k = 0; k < Composed::tensors.size(); ++k) {
            const rondo::ParameterSpec &from = Stacked::Net::tensors[k], &to = Composed::tensors[k];
            RC_ASSERT(from.size() == to.size());
            std::copy_n(values.data() + from.offset, from.size(), copied.data() + to.offset);
        }
        composed.assign(copied);

        const rondo::Randomness randomness{rondo::Seed{size.seed}, 3, true};
        const auto run = [&]<class Net>(const rondo::Model<Net, typename P::Backend>& model) {
            auto x = trial.x.template place<typename P::Backend>();
            rondo::Workspace<Net, typename P::Backend> work;
            const auto y = work.record(model, nullptr, randomness, [&](auto& r) { return Net::forward(r, x.view()); });
            copy_to_device(work.backend(), y.gradient, trial.dy.value);
            rondo::Model<Net, typename P::Backend> gradient;
            work.backward(&gradient);
            return std::tuple{Stacked::output(y).value, x.gradients(), gradient.values()};
        };
        const auto [y, dx, dp] = run(stacked);
        const auto [z, dz, dq] = run(composed);
        RC_ASSERT(differing(y, z) == 0u);
        RC_ASSERT(differing(dx, dz) == 0u);
        for (std::size_t k = 0; k < Composed::tensors.size(); ++k) {
            const auto numbers = [](const std::vector<S>& all, const rondo::ParameterSpec& t) {
                return std::vector<S>(all.data() + t.offset, all.data() + t.offset + t.size());
            };
            RC_ASSERT(differing(numbers(dp, Stacked::Net::tensors[k]), numbers(dq, Composed::tensors[k])) == 0u);
        }
    });
}

} // namespace
