// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "../../core/view.hpp"
#include "../concept.hpp"
#include "../../simd/tail.hpp"
#include "functors.hpp"
#include "plan.hpp"
#include "product.hpp"
#include "queue.hpp"
#include "growing_pool.hpp"
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

/// Wherever Thrust computes: with nvcc a GPU, else what THRUST_DEVICE_SYSTEM says. One thread an element; products by
/// cuBLAS; the steps of a recurrence by one kernel that keeps the recurrent weights on the chip, where its plan for the
/// device D has room for them, else a product a step.
///
/// On an H100 networks of each kind agree with EigenBackend's; on Thrust's C++ system, the kernels' threads played one
/// after the other, with PyTorch's, too. Other devices than Hopper: compiled, never run.
///
/// Products  of cuBLAS may be of tf32 or bf16 numbers; values, sums and what the kernels of recurrences compute stay
///           what S is. On the host they are exact, whatever is asked for.
/// Memory  the parts of a sum and, on a device, 32 MiB for cuBLAS, taken when it is made; those of a sum of columns,
///         and what scatter_add sorts columns in, taken by the first one and by those that are larger than ever before;
///         page-locked memory of the host, by what is sent. `data` and every operand are the device's.
/// Errors  device: no device, or one that is older than D or has less; what CUDA says of a call. Thrust throws its own
///         thrust::system_error.
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

    /// Where its work goes.
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

    /// From the host's memory, which may change afterwards, in the order of the other work.
    template <class T>
    void send(T* to, const T* from, std::size_t n) {
        queue_.send(to, from, n);
    }

    /// Returns when all that was asked for is done: what another backend, or the host, may then read.
    void wait() { queue_.wait(); }
    /// The calling thread works with this device from now on.
    void enter() { queue_.enter(); }

    /// Work that is done again and again, from one call.
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
    void multiply_add(ColumnMajorView<S> y, Prepared w, ColumnMajorView<const S> x) { product(y, w.w, {x.data, x.stride, 1}, x.rows); }

    void multiply_add(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x) {
        product(y, {w.data, w.columns, 1}, {x.data, x.stride, 1}, x.rows);
    }
    void multiply_transposed_add(ColumnMajorView<S> x, RowMajorView<const S> w, ColumnMajorView<const S> y) {
        product(x, {w.data, 1, w.columns}, {y.data, y.stride, 1}, y.rows);
    }
    void add_outer(RowMajorView<S> w, ColumnMajorView<const S> y, ColumnMajorView<const S> x) { // w^T += x y^T: neighbours write neighbours
        product({w.data, x.rows, y.rows, w.columns}, {x.data, 1, x.stride}, {y.data, 1, y.stride}, x.columns);
    }
    void add_columns(S* sum, ColumnMajorView<const S> x) { add_columns(sum, nullptr, 0, x); }
    /// The same to two sums, the second of the first rows only.
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
    void copy_columns(ColumnMajorView<S> y, ColumnMajorView<const S> x) { each(y, detail::WriteColumns<S, false>{y, x.data, x.stride}); }
    void add_to_columns(ColumnMajorView<S> y, ColumnMajorView<const S> x) { each(y, detail::WriteColumns<S, true>{y, x.data, x.stride}); }
    void gather(ColumnMajorView<S> y, const S* table, const int* index) { each(y, detail::Gather<S>{y, table, index}); }
    void scatter_add(S* table, ColumnMajorView<const S> x, const int* index, int skipped) {
        scatter_add(table, x, index, skipped, (std::numeric_limits<int>::max)());
    }
    /// The same to a table of so many rows: the fewer, the faster.
    void scatter_add(S* table, ColumnMajorView<const S> x, const int* index, int skipped, int table_rows) {
        if (x.rows == 0 || x.columns == 0) return;
        const gpu::SortedColumns sorted = scatter_.sort(queue_, index, table_rows, x.columns);
        S* const sum = scatter_.sums(x.columns, x.rows);
        each(x.columns, detail::FindSegment{sorted});
        each(x, detail::AddPart<S>{table, sum, x, sorted, skipped});
        const std::size_t blocks = (x.columns - 1) / gpu::Segment::part; // in the last one begins none that has parts
        each(ColumnMajorView<S>{sum, x.rows, blocks}, detail::AddSegment<S>{table, sum, x.rows, sorted, skipped});
    }
    /// Tokens as they are; past a sequence's end -1, for which gather gives zeros and scatter_add does nothing.
    void active_tokens(int* to, const int* from, std::size_t n, const int* lengths, int batch) {
        each(n, detail::KeepActive{to, from, lengths, std::uint32_t(batch)});
    }
    void fill(S* p, std::size_t n, S value) { queue_.fill(p, n, value); }
    void copy(S* to, const S* from, std::size_t n) { queue_.copy(to, from, n); }

    double sum(const S* p, std::size_t n) { return sum_of(detail::SumPart<S, false>{p, n}); }
    double sum_of_squares(const S* p, std::size_t n) { return sum_of(detail::SumPart<S, true>{p, n}); }

    /// y = w x.
    void multiply(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x) {
        queue_.product(y, {w.data, w.columns, 1}, {x.data, x.stride, 1}, x.rows, false, products);
    }
    /// y = x, and zero where a column of `batch` to a step lies past its sequence's end.
    void copy_active(ColumnMajorView<S> y, ColumnMajorView<const S> x, const int* lengths, int batch) {
        each(y, detail::CopyActive<S>{y, x, lengths, std::uint32_t(batch)});
    }

    /// How a group of threads goes through so many sequences at once.
    template <class C, int H>
    static constexpr gpu::Plan plan(int columns, gpu::Direction direction) {
        return gpu::plan(D::target, C::shape, H, sizeof(S), columns, direction);
    }

    /// All steps of a recurrence by one kernel, where a plan for its cell has room on the target.
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
        run_steps<gpu::Forward, C, H, 1>(selector<C, H, gpu::Direction::forward>.columns(steps.batch, lengths),
                                         {steps, lengths}, memory);
    }
    template <class C, int H>
    void run_backward(const RecurrentSteps<C, H, S>& steps, const int* lengths, S* memory) {
        run_steps<gpu::Backward, C, H, 1>(selector<C, H, gpu::Direction::backward>.columns(steps.batch, lengths),
                                          {steps, lengths}, memory);
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

    // Not thrust::reduce, which takes memory on every call and adds in an order of its own.
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
    gpu::GrowingPool<S> sums_; // of columns
};

static_assert(Asynchronous<ThrustBackend<float>> && Asynchronous<ThrustBackend<double>>);

} // namespace rondo
