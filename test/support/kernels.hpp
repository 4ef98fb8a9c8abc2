// SPDX-License-Identifier: MIT
// Explicit instantiations of what most tests spend their time in: kernels.cpp has the definitions, which are optimized,
// while the tests are not.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>
#include <rondo/cell/lstm_variant.hpp>
#include <rondo/cell/rnn.hpp>
#include <rondo/graph/op_context.hpp>
#include <rondo/initial/default.hpp>
#include <rondo/initial/orthogonal.hpp>
#include <rondo/initial/xavier.hpp>

#ifndef KERNEL
#define KERNEL extern template
#endif
#define KERNELS_OF_CELL(C, S)                                                                                          \
    KERNEL void Recurrence<C, Pack<S>>::forward(OpContext<EigenBackend<S>>&) const;                                    \
    KERNEL void Recurrence<C, Pack<S>>::backward(OpContext<EigenBackend<S>>&) const;
#define KERNELS(S)                                                                                                     \
    KERNELS_OF_CELL(cell::RNN, S)                                                                                      \
    KERNELS_OF_CELL(cell::ReluRNN, S)                                                                                  \
    KERNELS_OF_CELL(cell::LSTM, S)                                                                                     \
    KERNELS_OF_CELL(cell::GRU, S)                                                                                      \
    KERNELS_OF_CELL(cell::PeepholeLSTM, S)                                                                             \
    KERNEL void Recurrence<cell::LSTM, Pack<S>, true>::forward(OpContext<EigenBackend<S>>&) const;                     \
    KERNEL void Recurrence<cell::LSTM, Pack<S>, true>::backward(OpContext<EigenBackend<S>>&) const;                    \
    KERNEL void add_product<Pack<S>>(S*, std::size_t, const S*, Strided<S>, std::size_t, std::size_t, std::size_t);    \
    KERNEL void add_product<Pack<S>>(S*, std::size_t, Strided<S>, Strided<S>, std::size_t, std::size_t, std::size_t,   \
                                     S*);                                                                              \
    KERNEL void add_vector_product<Eigen::RowMajor, Pack<S>>(S*, const S*, std::size_t, const S*, std::size_t,         \
                                                             std::size_t);                                             \
    KERNEL void add_vector_product<Eigen::ColMajor, Pack<S>>(S*, const S*, std::size_t, const S*, std::size_t,         \
                                                             std::size_t);                                             \
    KERNEL void panel_product<Pack<S>>(const PanelSums<S>&, const S*, const PanelRight<S>&, std::size_t, std::size_t,  \
                                       bool);                                                                          \
    KERNEL void add_panel_product<Pack<S>>(S*, std::size_t, const S*, PanelRight<S>, std::size_t);                     \
    KERNEL void add_panel_outer<Pack<S>>(S*, const S*, const S*, std::size_t, std::size_t, std::size_t,                \
                                         const OuterSums&);                                                            \
    KERNEL void pack_rows<Pack<S>>(S*, const S*, std::size_t, std::size_t, std::size_t);                               \
    KERNEL void add_packed_rows<Pack<S>>(S*, std::size_t, const S*, std::size_t, std::size_t);
#define DRAWN(S)                                                                                                       \
    KERNEL class std::vector<S, rondo::AlignedAllocator<S>>;                                                           \
    KERNEL void rondo::Default::draw<S>(const rondo::ParameterSpec&, const rondo::RandomStream&, S*) const;            \
    KERNEL void rondo::Xavier::draw<S>(const rondo::ParameterSpec&, const rondo::RandomStream&, S*) const;             \
    KERNEL void rondo::Orthogonal::draw<S>(const rondo::ParameterSpec&, const rondo::RandomStream&, S*) const;

namespace rondo::eigen {
KERNELS(float)
KERNELS(double)
} // namespace rondo::eigen
DRAWN(float)
DRAWN(double)

#undef DRAWN
#undef KERNELS
#undef KERNELS_OF_CELL
#undef KERNEL
