// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/gru.hpp>

void cases::add_gru(Cases& to) { add_cell<rondo::GRU>(to, "gru"); }
