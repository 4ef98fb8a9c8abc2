// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <support/peephole.hpp>

void cases::add_peephole(Cases& to) { add_cell<PeepholeLSTM>(to, "peephole"); }
