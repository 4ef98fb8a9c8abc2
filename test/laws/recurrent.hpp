// SPDX-License-Identifier: MIT
#pragma once

// What the laws of recurrent layers share.

#include "generate.hpp"

#include <cases/case.hpp>

#include <memory/sanitized.hpp>

#include <algorithm>
#include <string_view>

namespace law {

using cases::Case, cases::Numbers, cases::Outcome, cases::Trial;

/// The cases of recurrent layers in which a law is tried: all, or one of each cell where runs are slow.
struct OfACell {
    std::string_view kind, size;
    bool is_float = false;
};
#ifdef RONDO_TEST_SANITIZED
inline constexpr bool few = true;
inline constexpr OfACell one_of_each[]{
    {"rnn_tanh", "5_3_3_2"}, {"rnn_relu", "33_33_1_1"},        {"lstm", "3_16_2_1"},          {"peephole", "5_3_3_2"},
    {"gru", "33_33_1_1"},    {"gru_reset_before", "3_16_2_1"}, {"lstm_projected", "5_3_3_2"}, {"min_gru", "5_3_3_2"},
    {"rg_lru", "33_33_1_1"}, {"lru_scan", "5_3_2_2"}};
#else
inline constexpr bool few = false;
inline constexpr OfACell one_of_each[]{
    {"rnn_tanh", "3_16_2_1", true}, {"rnn_relu", "5_3_3_2", true}, {"lstm", "3_16_2_1", true},
    {"peephole", "5_3_3_2", true},  {"gru", "3_16_2_1", true},     {"gru_reset_before", "5_3_3_2", true},
    {"lstm_projected", "5_3_3_2"},  {"min_gru", "3_20_2_1", true}, {"rg_lru", "5_3_3_2"}};
#endif
inline bool tried(const Case& c) {
    const auto is_it = [&](const OfACell& one) {
        return c.kind == one.kind && c.size == one.size && c.is_float == one.is_float;
    };
    return c.recurrent() && ((!few && !c.slow) || std::ranges::any_of(one_of_each, is_it));
}

/// How many bits of a training step's results differ.
inline std::size_t differing(const Outcome& a, const Outcome& b) {
    return differing(a.y.value, b.y.value) + differing(a.final.value, b.final.value) +
           differing(a.dx.value, b.dx.value) + differing(a.dinitial.value, b.dinitial.value) +
           differing(a.gradient, b.gradient);
}

} // namespace law
