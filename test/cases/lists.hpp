// SPDX-License-Identifier: MIT
#pragma once

#include "case.hpp"

namespace cases {

// Each in a file of its own, which instantiates its networks.
void add_rnn(Cases& to);
void add_relu_rnn(Cases& to);
void add_lstm(Cases& to);
void add_peephole(Cases& to);
void add_gru(Cases& to);
void add_gru_reset_before(Cases& to);
void add_variants(Cases& to);
void add_projected(Cases& to);
void add_linear(Cases& to);
void add_layers(Cases& to);
void add_convolutions(Cases& to);
void add_maps(Cases& to);
void add_networks(Cases& to);
void add_compositions(Cases& to);

} // namespace cases
