// SPDX-License-Identifier: MIT
// expect: rondo: AttentionPooling reads a sequence to its end; it cannot be streamed step by step
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/stream/stream.hpp>

using Net = rondo::Sequential<rondo::Linear<3, 4>, rondo::AttentionPooling<4>>;

void streamed() {
    const rondo::Model<Net> model{rondo::Seed{1}};
    const rondo::Packed packed{model};
    rondo::Stream stream{packed};
}
