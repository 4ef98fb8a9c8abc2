// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/rnn.hpp>

void cases::add_rnn(Cases& to) { add_cell<rondo::RNN>(to, "rnn_tanh"); }
