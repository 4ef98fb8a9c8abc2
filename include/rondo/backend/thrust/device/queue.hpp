// SPDX-License-Identifier: MIT
#pragma once

#include "../product.hpp"
#include "error.hpp"
#include "graph.hpp"
#include "kernel.hpp"
#include "sort.hpp"
#include "staging.hpp"

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <thrust/copy.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#ifdef CUDA_API_PER_THREAD_DEFAULT_STREAM // downloads rely on the default stream waiting for all other streams
#error "rondo: a backend on a device needs the legacy default stream: leave out --default-stream per-thread"
#endif

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// A backend's queue: a stream on the device that is current at construction, and a cuBLAS handle. Nothing here
/// allocates or synchronizes, except wait(), and send if its staging memory is still being copied from.
///
/// Memory  cuBLAS' workspace, allocated by the constructor, since nothing can be allocated during a capture.
/// Errors  device: no device, one below the target's capability or shared memory, or a driver older than the toolkit;
///         errors of CUDA and cuBLAS calls.
template <Device D>
class Queue {
public:
    Queue() : Queue(nullptr) { // delegates, so that the destructor runs if this body throws
        (check)(cudaGetDevice(&device_), "cudaGetDevice");
        const auto what = [&](cudaDeviceAttr of) {
            int value = 0;
            (check)(cudaDeviceGetAttribute(&value, of, device_), "cudaDeviceGetAttribute");
            return value;
        };
        const int capability = 10 * what(cudaDevAttrComputeCapabilityMajor) + what(cudaDevAttrComputeCapabilityMinor);
        const int shared = what(cudaDevAttrMaxSharedMemoryPerBlockOptin);
        if (capability < D::target.capability || std::size_t(shared) < D::target.shared)
            fail(Error::Kind::device, "rondo::ThrustBackend: expected a device of compute capability " +
                                          std::to_string(D::target.capability) + " or later with " +
                                          std::to_string(D::target.shared) + " bytes of shared memory a block, got " +
                                          std::to_string(capability) + " and " + std::to_string(shared));
        multiprocessors_ = what(cudaDevAttrMultiProcessorCount);
        (check)(cudaStreamCreate(&stream_), "cudaStreamCreate");
        (check)(cublasCreate(&blas_), "cublasCreate");
        (check)(cublasSetStream(blas_, stream_), "cublasSetStream");
        (check)(cudaMalloc(&blas_memory_, blas_bytes), "cudaMalloc");
        (check)(cublasSetWorkspace(blas_, blas_memory_, blas_bytes), "cublasSetWorkspace");
    }
    ~Queue() {
        if (blas_) cublasDestroy(blas_);
        if (blas_memory_) cudaFree(blas_memory_); // waits until the device is done with it
        if (stream_) cudaStreamDestroy(stream_);
    }
    Queue(Queue&& other) noexcept { swap(other); }
    Queue& operator=(Queue&& other) noexcept {
        swap(other);
        return *this;
    }

    cudaStream_t stream() const { return stream_; }
    void wait() const { (check)(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }
    void enter() const { (check)(cudaSetDevice(device_), "cudaSetDevice"); }

    template <class T>
    void send(T* to, const T* from, std::size_t n) {
        if (!refuses()) staging_.send(to, from, n * sizeof(T), stream_);
    }
    /// Calls f(k) for k < n.
    template <class F>
    void each(std::size_t n, const F& f) {
        thrust::for_each_n(policy(), thrust::counting_iterator<std::size_t>(0), n, f);
    }
    template <class S>
    void fill(S* p, std::size_t n, S value) {
        thrust::fill_n(policy(), p, n, value);
    }
    template <class S>
    void copy(S* to, const S* from, std::size_t n) {
        thrust::copy_n(policy(), from, n, to);
    }
    /// c += a b, or c = a b, each factor row-major or column-major.
    ///
    /// Shapes  a (M x K), b (K x N), c (M x N), K = terms.
    template <class S>
    void product(ColumnMajorView<S> c, Factor<S> a, Factor<S> b, std::size_t terms, bool add, Products products) {
        if (c.rows == 0 || c.columns == 0 || terms == 0) return;
        const bool a_lies = a.step == 1 && a.inner >= c.rows, b_lies = b.inner == 1 && b.step >= terms;
        const S one = 1, kept = add ? 1 : 0;
        constexpr bool floats = std::is_same_v<S, float>;
        constexpr auto type = floats ? CUDA_R_32F : CUDA_R_64F;
        (check)(cublasGemmEx(blas_, a_lies ? CUBLAS_OP_N : CUBLAS_OP_T, b_lies ? CUBLAS_OP_N : CUBLAS_OP_T, int(c.rows),
                             int(c.columns), int(terms), &one, a.data, type, int(a_lies ? a.inner : a.step), b.data,
                             type, int(b_lies ? b.step : b.inner), &kept, c.data, type, int(c.stride),
                             floats ? compute_type(products) : CUBLAS_COMPUTE_64F, CUBLAS_GEMM_DEFAULT),
                "cublasGemmEx");
    }
    void sort(const Sort& sort, GrowingPool<std::byte>& memory) { sort_on(stream_, sort, memory); }
    template <class Pass>
    void run(const typename Pass::Work& task, typename Pass::number* memory) {
        launch<Pass>(task, memory, stream_, multiprocessors_);
    }

    /// Captures work in the graph on the first call, and replays it. Work that cannot be captured is called each time.
    template <class Work>
    void repeat(Graph& graph, const Work& work) {
        if (!graph.kept() && !graph.refused) keep(graph, work);
        if (graph.refused) work();
        else graph.launch(stream_);
    }
    /// For work that cannot be captured: during a capture it marks the graph as refused and returns true; the caller
    /// then returns, since all work will be called again without a capture.
    bool refuses() {
        if (kept_) kept_->refused = true;
        return kept_;
    }

private:
    explicit Queue(std::nullptr_t) {}

    static constexpr std::size_t blas_bytes = std::size_t{32} << 20; // what NVIDIA recommends for Hopper

    auto policy() const { return thrust::cuda::par_nosync.on(stream_); }

    template <class Work>
    void keep(Graph& graph, const Work& work) {
        struct Ends { // also if work throws
            Graph*& kept;
            ~Ends() { kept = nullptr; }
        };
        Capture capture{stream_};
        const Ends ends{kept_ = &graph};
        work();
        if (!graph.refused) capture.end(graph);
    }

    static constexpr cublasComputeType_t compute_type(Products products) {
        return products == Products::tf32   ? CUBLAS_COMPUTE_32F_FAST_TF32
               : products == Products::bf16 ? CUBLAS_COMPUTE_32F_FAST_16BF
                                            : CUBLAS_COMPUTE_32F;
    }
    void swap(Queue& other) {
        std::swap(stream_, other.stream_);
        std::swap(blas_, other.blas_);
        std::swap(blas_memory_, other.blas_memory_);
        std::swap(staging_, other.staging_);
        std::swap(multiprocessors_, other.multiprocessors_);
        std::swap(device_, other.device_);
    }

    cudaStream_t stream_ = nullptr;
    cublasHandle_t blas_ = nullptr;
    void* blas_memory_ = nullptr;
    Staging staging_;
    Graph* kept_ = nullptr;
    int multiprocessors_ = 0, device_ = 0;
};

} // namespace rondo::gpu
