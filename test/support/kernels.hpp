// SPDX-License-Identifier: MIT
// Explicit instantiations that most tests use and that take long to compile; kernels.cpp has the definitions.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>
#include <rondo/cell/lstm_variant.hpp>
#include <rondo/cell/rnn.hpp>
#include <rondo/graph/op_context.hpp>

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
    KERNEL void add_product<Pack<S>>(S*, std::size_t, const S*, Strided<S>, std::size_t, std::size_t, std::size_t);    \
    KERNEL void add_product<Pack<S>>(S*, std::size_t, Strided<S>, Strided<S>, std::size_t, std::size_t, std::size_t,   \
                                     S*);                                                                              \
    KERNEL void add_vector_product<Eigen::RowMajor, Pack<S>>(S*, const S*, std::size_t, const S*, std::size_t,         \
                                                             std::size_t);                                             \
    KERNEL void add_vector_product<Eigen::ColMajor, Pack<S>>(S*, const S*, std::size_t, const S*, std::size_t,         \
                                                             std::size_t);

namespace rondo::eigen {
KERNELS(float)
KERNELS(double)
} // namespace rondo::eigen

#undef KERNELS
#undef KERNELS_OF_CELL
#undef KERNEL
