// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/rnn.hpp>

void cases::add_relu_rnn(Cases& to) {
    add_cell<rondo::ReluRNN>(to, "rnn_relu");
    for (Case& c : to)
        if (c.kind == "rnn_relu") c.bounded = false;
}
