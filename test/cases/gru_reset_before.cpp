// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/gru.hpp>

void cases::add_gru_reset_before(Cases& to) { add_cell<rondo::GRUResetBefore>(to, "gru_reset_before"); }
