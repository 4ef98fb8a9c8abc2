// SPDX-License-Identifier: MIT
// Compiled by kernels.py for TARGET: a kernel of each kind, or with ALL those of every cell and many sizes.
#include <rondo/backend/thrust/backend.hpp>
#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>
#include <rondo/cell/rnn.hpp>

using namespace rondo;
using namespace rondo::gpu;

template <class Pass>
void kernel(Queue<TARGET>& queue) {
    if constexpr (Pass::plan.kind != Kind::per_step_gemm)
        queue.template run<Pass>({}, static_cast<typename Pass::number*>(nullptr));
}
template <class C, int H, class S, int columns>
void kernels(Queue<TARGET>& queue) {
    kernel<Forward<C, H, S, TARGET, columns>>(queue);
    kernel<Backward<C, H, S, TARGET, columns>>(queue);
}
template <class C, class S, int... sizes>
void all(Queue<TARGET>& queue) {
    ((kernels<C, sizes, S, 1>(queue), kernels<C, sizes, S, 2>(queue), kernels<C, sizes, S, 4>(queue),
      kernels<C, sizes, S, 8>(queue)),
     ...);
}

void instantiate(Queue<TARGET>& queue) {
#ifdef ALL
    all<cell::RNN, float, 20, 64, 128, 256, 512, 1024>(queue);
    all<cell::GRU, float, 20, 64, 128, 256, 512, 1024>(queue);
    all<cell::LSTM, float, 20, 64, 128, 256, 512, 1024>(queue);
    all<cell::LSTM, double, 20, 64, 128, 256>(queue);
#else
    kernels<cell::LSTM, 64, float, 4>(queue);  // a block
    kernels<cell::GRU, 256, float, 4>(queue);  // a cluster
    kernels<cell::LSTM, 512, float, 1>(queue); // with weights in shared memory
    kernels<cell::GRU, 1024, float, 1>(queue); // a grid
#endif
}
