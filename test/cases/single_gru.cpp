// SPDX-License-Identifier: MIT
#include "typed_single.hpp"

void cases::add_single_gru(CellCases& to) {
    add_single<rondo::GRUCell>(to, "gru");
    add_single<rondo::GRUResetBeforeCell>(to, "gru_reset_before");
}
