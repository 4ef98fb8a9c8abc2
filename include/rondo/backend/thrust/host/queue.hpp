// SPDX-License-Identifier: MIT
#pragma once

#include "group.hpp"
#include "../product.hpp"
#include "../recurrence.hpp"
#include "../recurrence_backward.hpp"

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>

#include <algorithm>
#include <cstddef>

namespace rondo::inline v0_1::gpu {

/// A group of a recurrence's threads, played by one thread of the host.
template <class Pass>
struct HostSlice {
    typename Pass::Work task;
    void operator()(std::size_t slice) const {
        HostGroup<Pass> group;
        Pass::run(group, task, int(slice));
    }
};

/// Where a backend's work goes: Thrust's system on the host, C++ or OpenMP. What DeviceQueue does, in plain loops.
template <Device>
class Queue {
public:
    static constexpr auto policy() { return thrust::device; }

    template <class T>
    static void send(T* to, const T* from, std::size_t n) {
        std::copy_n(from, n, to);
    }
    template <class S>
    static void product(Matrix<S> c, Factor<S> a, Factor<S> b, std::size_t terms, bool add) {
        const ProductElement<S> element{c, a, b, terms, add};
        thrust::for_each_n(policy(), thrust::counting_iterator<std::size_t>(0), c.rows * c.columns, element);
    }
    /// Sends all sequences through a pass over all steps.
    template <class Pass>
    static void run(const typename Pass::Work& task, typename Pass::number*) {
        const int slices = (task.steps.batch + Pass::columns - 1) / Pass::columns;
        thrust::for_each_n(policy(), thrust::counting_iterator<std::size_t>(0), std::size_t(slices),
                           HostSlice<Pass>{task});
    }
};

} // namespace rondo::gpu
