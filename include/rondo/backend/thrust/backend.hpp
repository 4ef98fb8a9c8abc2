// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "../../core/view.hpp"
#include "../../simd/tail.hpp"
#include "../concept.hpp"
#include "functors.hpp"
#include "growing_pool.hpp"
#include "plan.hpp"
#include "product.hpp"
#include "queue.hpp"
#include "scatter.hpp"

#include <thrust/copy.h>
#include <thrust/device_ptr.h>
#include <thrust/device_vector.h>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The backend on Thrust: a GPU under nvcc, else THRUST_DEVICE_SYSTEM. One thread per element; products by cuBLAS; all
/// steps of a recurrence in one persistent kernel that holds the recurrent weights on chip, if its plan for the device
/// D fits, else a per-step GEMM.
///
/// Tested on an H100 against EigenBackend; on Thrust's C++ system, where the kernels' threads are simulated one after
/// the other, also against PyTorch. For devices other than Hopper it is compiled, but was never run.
///
/// Products  cuBLAS may round operands to tf32 or bf16; values, sums and the kernels of recurrences use S. On the host
///           products are always exact.
/// Memory  partial sums and, on a device, 32 MiB for cuBLAS, allocated by the constructor; buffers of add_columns and
///         scatter_add, allocated when they grow; pinned host memory, by send. `data` and all operands are in device
///         memory.
/// Errors  device: no device, or one below D's limits; errors of CUDA calls. Thrust throws thrust::system_error.
template <std::floating_point S, gpu::Device D = gpu::Hopper, gpu::Products products = gpu::Products::exact>
class ThrustBackend {
    static_assert(products == gpu::Products::exact || std::same_as<S, float>,
                  "rondo: products of doubles are exact: tf32 and bf16 are for ThrustBackend<float>");

    template <class C, int H, gpu::Direction direction>
    static constexpr gpu::PlanSelector selector{D::target, C::shape, H, sizeof(S), direction};

public:
    using scalar = S;
    static constexpr std::string_view name = "Thrust";
    template <class T>
    using buffer = thrust::device_vector<T>;

    gpu::Queue<D>& queue() { return queue_; }

    static constexpr std::size_t scratch(std::size_t, std::size_t, std::size_t) { return 0; }
    void reserve(std::size_t) {}

    template <class T>
    static T* data(buffer<T>& b) {
        return thrust::raw_pointer_cast(b.data());
    }
    template <class T>
    static const T* data(const buffer<T>& b) {
        return thrust::raw_pointer_cast(b.data());
    }
    template <class T>
    static void upload(buffer<T>& to, const T* from, std::size_t n) {
        to.assign(from, from + n);
    }
    template <class T>
    static void download(T* to, const T* from, std::size_t n) {
        thrust::copy_n(thrust::device_pointer_cast(from), n, to);
    }

    /// Copies from host memory, in stream order; the source may change after the call.
    template <class T>
    void send(T* to, const T* from, std::size_t n) {
        queue_.send(to, from, n);
    }

    /// Blocks until all submitted work is done.
    void wait() { queue_.wait(); }
    /// Makes this backend's device the calling thread's current device.
    void enter() { queue_.enter(); }

    using Graph = gpu::Graph;
    template <class Work>
    void repeat(Graph& graph, const Work& work) {
        queue_.repeat(graph, work);
    }

    struct Prepared {
        gpu::Factor<S> w;
    };
    static constexpr std::size_t prepared_size(std::size_t, std::size_t) { return 0; }
    static Prepared prepare(RowMajorView<const S> w, S*) { return {{w.data, w.columns, 1}}; }
    static Prepared prepare_transposed(RowMajorView<const S> w, S*) { return {{w.data, 1, w.columns}}; }
    void multiply_add(ColumnMajorView<S> y, Prepared w, ColumnMajorView<const S> x) {
        product(y, w.w, {x.data, x.stride, 1}, x.rows);
    }

    void multiply_add(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x) {
        product(y, {w.data, w.columns, 1}, {x.data, x.stride, 1}, x.rows);
    }
    void multiply_transposed_add(ColumnMajorView<S> x, RowMajorView<const S> w, ColumnMajorView<const S> y) {
        product(x, {w.data, 1, w.columns}, {y.data, y.stride, 1}, y.rows);
    }
    // w^T += x y^T, since w^T is column-major
    void add_outer(RowMajorView<S> w,            // (R x K)
                   ColumnMajorView<const S> y,   // (R x N)
                   ColumnMajorView<const S> x) { // (K x N)
        product({w.data, x.rows, y.rows, w.columns}, {x.data, 1, x.stride}, {y.data, 1, y.stride}, x.columns);
    }
    void add_columns(S* sum, ColumnMajorView<const S> x) { add_columns(sum, nullptr, 0, x); }
    /// The same to two sums, to the second of them the first rows only.
    void add_columns(S* sum, S* second, std::size_t second_rows, ColumnMajorView<const S> x) {
        constexpr std::size_t some = detail::AddSomeColumns<S>::some;
        const std::size_t parts = (x.columns + some - 1) / some;
        S* to = sums_.take(2 * x.rows * parts);
        while (x.columns > some) {
            const ColumnMajorView<S> sums{to, x.rows, (x.columns + some - 1) / some};
            each(sums, detail::AddSomeColumns<S>{to, x});
            to += x.rows * sums.columns;
            x = sums;
        }
        each(x.rows, detail::AddColumns<S>{x, sum, second, second_rows});
    }
    void fill_columns(ColumnMajorView<S> y, const S* p) { each(y, detail::WriteColumns<S, false>{y, p, 0}); }
    void copy_columns(ColumnMajorView<S> y, ColumnMajorView<const S> x) {
        each(y, detail::WriteColumns<S, false>{y, x.data, x.stride});
    }
    void add_to_columns(ColumnMajorView<S> y, ColumnMajorView<const S> x) {
        each(y, detail::WriteColumns<S, true>{y, x.data, x.stride});
    }
    void gather(ColumnMajorView<S> y, const S* table, const int* index) { each(y, detail::Gather<S>{y, table, index}); }
    void scatter_add(S* table, ColumnMajorView<const S> x, const int* index, int skipped) {
        scatter_add(table, x, index, skipped, (std::numeric_limits<int>::max)());
    }
    /// The same, given the table's number of rows: fewer rows sort faster.
    void scatter_add(S* table, ColumnMajorView<const S> x, const int* index, int skipped, int table_rows) {
        if (x.rows == 0 || x.columns == 0) return;
        const gpu::SortedColumns sorted = scatter_.sort(queue_, index, table_rows, x.columns);
        S* const sum = scatter_.sums(x.columns, x.rows);
        each(x.columns, detail::FindSegment{sorted});
        each(x, detail::AddPart<S>{table, sum, x, sorted, skipped});
        const std::size_t blocks = (x.columns - 1) / gpu::Segment::part; // no segment with parts begins in the last
        each(ColumnMajorView<S>{sum, x.rows, blocks}, detail::AddSegment<S>{table, sum, x.rows, sorted, skipped});
    }
    /// Copies tokens; those of padding become -1, for which gather writes zeros and scatter_add adds nothing.
    void active_tokens(int* to, const int* from, std::size_t n, const int* lengths, int batch) {
        each(n, detail::KeepActive{to, from, lengths, std::uint32_t(batch)});
    }
    void fill(S* p, std::size_t n, S value) { queue_.fill(p, n, value); }
    void copy(S* to, const S* from, std::size_t n) { queue_.copy(to, from, n); }

    double sum(const S* p, std::size_t n) { return sum_of(detail::SumPart<S, false>{p, n}); }
    double sum_of_squares(const S* p, std::size_t n) { return sum_of(detail::SumPart<S, true>{p, n}); }

    /// y = w x
    void multiply(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x) {
        queue_.product(y, {w.data, w.columns, 1}, {x.data, x.stride, 1}, x.rows, false, products);
    }
    /// y = x (M x T batch), with padding set to zero.
    void copy_active(ColumnMajorView<S> y, ColumnMajorView<const S> x, const int* lengths, int batch) {
        each(y, detail::CopyActive<S>{y, x, lengths, std::uint32_t(batch)});
    }

    /// The plan of a group of threads that executes `columns` sequences.
    template <class C, int H>
    static constexpr gpu::Plan plan(int columns, gpu::Direction direction) {
        return gpu::plan(D::target, C::shape, H, sizeof(S), columns, direction);
    }

    /// Whether there is a plan to execute all steps of the cell in one kernel: see RunsSteps.
    template <class C, int H>
    static constexpr bool runs_steps = selector<C, H, gpu::Direction::forward>.columns(1, false) > 0 &&
                                       selector<C, H, gpu::Direction::backward>.columns(1, false) > 0;
    template <class C, int H>
    static bool runs_forward(const Extent& e) {
        return selector<C, H, gpu::Direction::forward>.columns(e.batch, e.lengths) > 0;
    }
    template <class C, int H>
    static bool runs_backward(const Extent& e) {
        return selector<C, H, gpu::Direction::backward>.columns(e.batch, e.lengths) > 0;
    }
    template <class C, int H>
    static std::size_t steps_memory(const Extent& e) {
        return (std::max)(selector<C, H, gpu::Direction::forward>.memory(e.batch, e.lengths),
                          selector<C, H, gpu::Direction::backward>.memory(e.batch, e.lengths));
    }
    template <class C, int H>
    void run_forward(const RecurrentSteps<C, H, S>& steps, const int* lengths, S* memory) {
        run_steps<gpu::Forward, C, H, 1>(
            selector<C, H, gpu::Direction::forward>.columns(steps.state_slots.batch, lengths), {steps, lengths},
            memory);
    }
    template <class C, int H>
    void run_backward(const RecurrentSteps<C, H, S>& steps, const int* lengths, S* memory) {
        run_steps<gpu::Backward, C, H, 1>(
            selector<C, H, gpu::Direction::backward>.columns(steps.state_slots.batch, lengths), {steps, lengths},
            memory);
    }

    template <int H, class Unit>
    void units(const Unit& unit, std::size_t columns) {
        each(H * columns, detail::AtUnit<Unit, H, PackAccess<S, 1>>{unit});
    }
    template <class Element>
    void elements(const Element& element, std::size_t n) {
        each(padded(n), detail::AtElement<Element, PackAccess<S, 1>>{element});
    }
    template <class Column>
    void columns(const Column& column, std::size_t n) {
        each(n, detail::AtColumn<Column, S>{column});
    }

private:
    template <template <class, int, class, class, int> class Pass, class C, int H, int columns>
    void run_steps(int wanted, const gpu::Task<C, H, S>& task, S* memory) {
        if constexpr (columns <= D::target.columns) {
            if (wanted != columns) return run_steps<Pass, C, H, 2 * columns>(wanted, task, memory);
            if constexpr (Pass<C, H, S, D, columns>::plan.kind != gpu::Kind::per_step_gemm)
                queue_.template run<Pass<C, H, S, D, columns>>(task, memory);
        }
    }

    template <class F>
    void each(std::size_t n, const F& f) {
        queue_.each(n, f);
    }
    template <class F>
    void each(ColumnMajorView<const S> y, const F& f) {
        each(y.rows * y.columns, detail::AtRowAndColumn<F>{f, y.rows});
    }
    void product(ColumnMajorView<S> c, gpu::Factor<S> a, gpu::Factor<S> b, std::size_t terms) {
        queue_.product(c, a, b, terms, true, products);
    }

    // Not thrust::reduce, which allocates on every call and sums in an unspecified order.
    template <class Part>
    double sum_of(const Part& part) {
        if (queue_.refuses()) return 0;
        queue_.each(detail::sum_parts, detail::KeepPart<Part>{part, data(parts_)});
        double host[detail::sum_parts], total = 0;
        download(host, data(parts_), detail::sum_parts);
        for (const double value : host) total += value;
        return total;
    }

    gpu::Queue<D> queue_;
    buffer<double> parts_ = buffer<double>(detail::sum_parts);
    gpu::ScatterMemory<S> scatter_;
    gpu::GrowingPool<S> sums_; // of add_columns
};

static_assert(Asynchronous<ThrustBackend<float>> && Asynchronous<ThrustBackend<double>>);

} // namespace rondo
