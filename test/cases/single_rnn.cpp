// SPDX-License-Identifier: MIT
#include "typed_single.hpp"

void cases::add_single_rnn(CellCases& to) {
    add_single<rondo::RNNCell>(to, "rnn_tanh");
    add_single<rondo::ReluRNNCell>(to, "rnn_relu");
}
