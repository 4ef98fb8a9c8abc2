// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/variant.hpp>

void cases::add_peephole(Cases& to) { add_cell<rondo::PeepholeLSTM>(to, "peephole"); }
