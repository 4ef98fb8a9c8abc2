// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/lstm.hpp>

void cases::add_lstm(Cases& to) { add_cell<rondo::LSTM>(to, "lstm"); }
