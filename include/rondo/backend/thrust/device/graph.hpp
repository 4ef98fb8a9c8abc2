// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <cuda_runtime.h>

#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// An instantiated CUDA graph.
class Graph {
public:
    Graph() = default;
    ~Graph() {
        if (work_) cudaGraphExecDestroy(work_);
    }
    Graph(Graph&& other) noexcept { swap(other); }
    Graph& operator=(Graph&& other) noexcept {
        swap(other);
        return *this;
    }

    bool kept() const { return work_; }
    void launch(cudaStream_t stream) const { (check)(cudaGraphLaunch(work_, stream), "cudaGraphLaunch"); }

    bool refused = false; // the work cannot be captured, since it needs the host

private:
    friend class Capture;
    void swap(Graph& other) {
        std::swap(work_, other.work_);
        std::swap(refused, other.refused);
    }
    cudaGraphExec_t work_ = nullptr;
};

/// Captures a stream during its lifetime: work is recorded, not executed.
class Capture {
public:
    explicit Capture(cudaStream_t stream) : stream_{stream} {
        (check)(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    }
    Capture(const Capture&) = delete;
    ~Capture() { // if the work threw, or could not be captured, the capture is discarded
        if (stream_ && cudaStreamEndCapture(stream_, &graph_) != cudaSuccess) cudaGetLastError();
        if (graph_) cudaGraphDestroy(graph_);
    }
    void end(Graph& graph) {
        (check)(cudaStreamEndCapture(std::exchange(stream_, nullptr), &graph_), "cudaStreamEndCapture");
        (check)(cudaGraphInstantiate(&graph.work_, graph_, 0), "cudaGraphInstantiate");
    }

private:
    cudaStream_t stream_;
    cudaGraph_t graph_ = nullptr;
};

} // namespace rondo::gpu
