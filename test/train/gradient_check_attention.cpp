// SPDX-License-Identifier: MIT
// Encoder-decoders: every attention, with and without input feeding, scheduled sampling and padding.
#include <rondo/layer/gru.hpp>
#include <rondo/model/encoder_decoder.hpp>

#include <support/gradients.hpp>

namespace gradient_check_attention_test {

using namespace rondo;

template <class Net>
void expect_gradients_of(bool training) {
    using B = TestBackend<double>;
    const Model<Net, B> model{Seed{1}};
    constexpr int source_steps = 5, steps = 4, batch = 3;
    const auto source = on_device<B>(whole_numbers(source_steps * batch, 5, 1)),
               tokens = on_device<B>(whole_numbers(steps * batch, 6, 2));
    const Targets<B> targets{std::size_t(6 * steps * batch), 6};
    const int source_lengths[]{3, 5, 1}, lengths[]{4, 2, 3};
    for (const bool padded : {false, true})
        expect_gradients(model, {}, Randomness{Seed{5}, 5, training}, [&](auto& run) {
            return targets.cross_entropy(
                run,
                Net::forward(run,
                             Tokens{B::data(source), nullptr, {source_steps, batch, padded ? source_lengths : nullptr}},
                             Tokens{B::data(tokens), nullptr, {steps, batch, padded ? lengths : nullptr}}));
        });
}

TEST(GradientCheck, OfDotAttention) { expect_gradients_of<EncoderDecoder<5, 6, 3, 4, DotAttention<4>>>(false); }
TEST(GradientCheck, OfDotAttentionWithoutInputFeeding) {
    expect_gradients_of<EncoderDecoder<5, 6, 3, 2, DotAttention<2>, Feeding{.input_feeding = false}>>(false);
}
TEST(GradientCheck, OfAdditiveAttentionWithScheduledSampling) {
    expect_gradients_of<
        EncoderDecoder<5, 6, 3, 4, AdditiveAttention<4, 4, 5>, Feeding{.sampling = {Rate{50}, 5}}, rondo::GRU>>(true);
}
TEST(GradientCheck, OfNoAttention) { expect_gradients_of<EncoderDecoder<5, 6, 1, 2, NoAttention>>(false); }

} // namespace gradient_check_attention_test
