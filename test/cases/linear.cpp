// SPDX-License-Identifier: MIT
// Recurrent layers that are linear in their state: those of the golden file "linear".
#include "recurrent.hpp"

#include <rondo/layer/linear_recurrent.hpp>
#include <rondo/layer/lru.hpp>
#include <rondo/layer/min_gru.hpp>
#include <rondo/layer/min_lstm.hpp>
#include <rondo/layer/qrnn.hpp>
#include <rondo/layer/rg_lru.hpp>
#include <rondo/layer/sru_first.hpp>

namespace cases {
inline namespace linear_cases { // named: a file that includes this one may derive from its types

using namespace rondo;

constexpr Stack two_layers{.layers = 2}, two_each{.layers = 2, .bidirectional = true};
constexpr Stack three_each{.layers = 3, .bidirectional = true, .dropout = rate};

/// Cells without a layer of their own, as one of the usual layers.
template <class C>
struct LinearOf {
    template <int In, int Hidden, Stack stack> struct Of : LinearRecurrent<C, In, Hidden, stack> {};
};
template <cell::Pooling pooling> using QRNNOf = LinearOf<cell::QRNN<pooling>>;

template <class S>
void add_minimal(Cases& to) {
    constexpr bool is_double = sizeof(S) == 8;
    if constexpr (is_double) {
        add<MinGRU, S, 5, 3, three_each>(to, "min_gru");
        add<MinLSTM, S, 20, 1, two_each>(to, "min_lstm");
        add<MinLSTM, S, 3, 5, Stack{.bidirectional = true}>(to, "min_lstm");
        add<MinLSTMLogSpace, S, 1, 5>(to, "min_lstm_log");
    } else {
        add<MinGRU, S, 1, 5>(to, "min_gru");
        add<MinGRU, S, 3, 20, two_layers>(to, "min_gru");
        add<MinGRU, S, 33, 33>(to, "min_gru");
        add<MinLSTMLogSpace, S, 3, 20, two_layers>(to, "min_lstm_log");
    }
    add<MinGRULogSpace, S, 3, 16, two_layers>(to, "min_gru_log");
}
template <class S>
void add_gated(Cases& to) {
    constexpr bool is_double = sizeof(S) == 8;
    add<RGLRU, S, 33, 33>(to, "rg_lru");
    if constexpr (is_double) {
        add<RGLRU, S, 5, 3, three_each>(to, "rg_lru");
        add<LinearOf<cell::LRU<>>::Of, S, 5, 3, two_each>(to, "lru_scan");
        add<QRNNOf<cell::Pooling::f>::Of, S, 3, 5>(to, "qrnn_f");
        add<QRNNOf<cell::Pooling::fo>::Of, S, 20, 1, two_each>(to, "qrnn_fo");
        add<SRUFirst, S, 5, 3, two_each>(to, "sru_first");
    } else {
        add<LinearOf<cell::LRU<>>::Of, S, 1, 20>(to, "lru_scan");
        add<QRNNOf<cell::Pooling::fo>::Of, S, 1, 33>(to, "qrnn_fo");
        add<QRNNOf<cell::Pooling::ifo>::Of, S, 3, 20, two_layers>(to, "qrnn_ifo");
        add<SRUFirst, S, 20, 20, two_layers>(to, "sru_first");
    }
}

} // namespace linear_cases

void add_linear(Cases& to) {
    Cases all;
#ifdef RONDO_TEST_THRUST // one of each kind of cell: real, with an input and constants, complex, with an output
    add<MinGRU, float, 3, 20, two_layers>(all, "min_gru");
    add<RGLRU, double, 5, 3, three_each>(all, "rg_lru");
    add<LinearOf<cell::LRU<>>::Of, double, 5, 3, two_each>(all, "lru_scan");
    add<SRUFirst, double, 5, 3, two_each>(all, "sru_first");
#else
    add_minimal<double>(all);
    add_gated<double>(all);
#ifndef RONDO_TEST_SANITIZED // the same code in double is enough
    add_minimal<float>(all);
    add_gated<float>(all);
#endif
#endif
    for (Case& c : all) {
        c.golden = "linear";
        c.bounded = false;
        to.push_back(std::move(c));
    }
#ifndef RONDO_TEST_THRUST
    // In no golden file: the layer ahead of one above, and reversed.
    add<MinLSTM, double, 3, 5>(to, "min_lstm");
    add<MinLSTM, double, 3, 5, Stack{.reversed = true}>(to, "min_lstm");
    for (Case& c : to)
        if (c.kind == "min_lstm") c.bounded = false;
#endif
    // Networks with such layers.
    add_network<Sequential<Linear<3, 4>, LRU<4, 5>, QRNN<4, 3>>, double>(to, "checked", "LRU_QRNN");
    add_network<Sequential<LRU<3, 5>, QRNN<3, 20, 3, cell::Pooling::ifo>>, double>(to, "padded_squared", "LRU");
}

} // namespace cases
