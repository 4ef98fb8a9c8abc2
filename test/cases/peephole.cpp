// SPDX-License-Identifier: MIT
#include "recurrent.hpp"

#include <rondo/layer/variant.hpp>

#include <algorithm>
#include <string_view>

void cases::add_peephole(Cases& to) {
    add_cell<rondo::PeepholeLSTM>(to, "peephole");
    constexpr std::string_view in_golden_file[]{"3_20_2_1", "5_3_3_2", "20_1_2_2", "1_5_1_1"};
    for (Case& c : to)
        if (c.kind == "peephole" && std::ranges::count(in_golden_file, c.size) > 0) c.golden = "variants";
}
