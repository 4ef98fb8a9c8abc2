// SPDX-License-Identifier: MIT
#include "typed_single.hpp"

void cases::add_single_lstm(CellCases& to) { add_single<rondo::LSTMCell>(to, "lstm"); }
