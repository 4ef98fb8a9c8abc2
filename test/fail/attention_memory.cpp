// SPDX-License-Identifier: MIT
// expect: rondo::AttentionDecoder: the memory's size is not what its attention looks at
#include <rondo/model/encoder_decoder.hpp>
#include <rondo/model/workspace.hpp>

using Net = rondo::EncoderDecoder<5, 6, 3, 4, rondo::DotAttention<6>>;

void run() {
    const rondo::Model<Net> model{rondo::Seed{1}};
    rondo::Workspace<Net> work;
    const rondo::Tokens tokens{};
    work.forward(model, tokens, tokens);
}
