// SPDX-License-Identifier: MIT
#pragma once

#include "../growing_pool.hpp"
#include "../product.hpp"
#include "../recurrence.hpp"
#include "../recurrence_backward.hpp"
#include "graph.hpp"
#include "group.hpp"
#include "sort.hpp"

#include <thrust/copy.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// A slice of sequences, executed by a HostGroup on one thread of the host.
template <class Pass>
struct HostSlice {
    typename Pass::Work task;
    void operator()(std::size_t slice) const {
        HostGroup<Pass> group;
        Pass::run(group, task, int(slice));
    }
};

/// A backend's queue on Thrust's host systems, C++ or OpenMP: the device's interface in plain loops. Captured work is a
/// list of calls with the arguments of the capture, as on a device.
template <Device>
class Queue {
public:
    void wait() const {} // work is synchronous
    void enter() const {}

    template <class T>
    void send(T* to, const T* from, std::size_t n) {
        if (!refuses()) std::copy_n(from, n, to);
    }
    /// Calls f(k) for k < n.
    template <class F>
    void each(std::size_t n, const F& f) {
        submit([n, f] { thrust::for_each_n(thrust::device, thrust::counting_iterator<std::size_t>(0), n, f); });
    }
    template <class S>
    void fill(S* p, std::size_t n, S value) {
        submit([p, n, value] { thrust::fill_n(thrust::device, p, n, value); });
    }
    template <class S>
    void copy(S* to, const S* from, std::size_t n) {
        submit([to, from, n] { thrust::copy_n(thrust::device, from, n, to); });
    }
    template <class S>
    void product(ColumnMajorView<S> c, Factor<S> a, Factor<S> b, std::size_t terms, bool add, Products) {
        each(c.rows * c.columns, ProductElement<S>{c, a, b, terms, add});
    }
    void sort(const Sort& sort, GrowingPool<std::byte>&) { each(1, HostSort{sort}); }
    /// Executes a pass over all steps, for all sequences.
    template <class Pass>
    void run(const typename Pass::Work& task, typename Pass::number*) {
        each(std::size_t((task.steps.state_slots.batch + Pass::columns - 1) / Pass::columns), HostSlice<Pass>{task});
    }

    /// Captures work in the graph on the first call, and replays it. Work that cannot be captured is called each time.
    template <class Work>
    void repeat(Graph& graph, const Work& work) {
        if (graph.calls.empty() && !graph.refused) keep(graph, work);
        if (graph.refused) work();
        for (const auto& call : graph.calls) call();
    }
    /// For work that cannot be captured: during a capture it marks the graph as refused and returns true; the caller
    /// then returns, since all work will be called again without a capture.
    bool refuses() {
        if (kept_) kept_->refused = true;
        return kept_;
    }

private:
    template <class Work>
    void keep(Graph& graph, const Work& work) {
        struct Ends { // also if work throws
            Graph*& kept;
            ~Ends() { kept = nullptr; }
        };
        Graph kept;
        const Ends ends{kept_ = &kept};
        work();
        if (kept.refused) kept.calls.clear();
        graph = std::move(kept);
    }
    template <class Call>
    void submit(const Call& call) {
        if (kept_) kept_->calls.push_back(call);
        else call();
    }

    Graph* kept_ = nullptr;
};

} // namespace rondo::gpu
