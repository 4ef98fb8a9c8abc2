// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>
#include <rondo/core/view.hpp>

#include <support/device.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

namespace law {

/// Sequences that own their numbers: `rows` features of `steps` steps, or `lengths` if not empty, of `batch` sequences.
template <class S = double>
struct Batch {
    int rows = 0, steps = 0, batch = 0;
    std::vector<int> lengths;
    std::vector<S> value;

    Batch() = default;
    Batch(int rows_, int steps_, int batch_, std::vector<int> lengths_ = {})
        : rows{rows_}, steps{steps_}, batch{batch_}, lengths{std::move(lengths_)}, value(index(steps_, 0, 0)) {}

    std::size_t index(int t, int b, int row) const {
        return (std::size_t(t) * std::size_t(batch) + std::size_t(b)) * std::size_t(rows) + std::size_t(row);
    }
    S& at(int t, int b, int row) { return value[index(t, b, row)]; }
    const S& at(int t, int b, int row) const { return value[index(t, b, row)]; }
    int length(int b) const { return lengths.empty() ? steps : lengths[std::size_t(b)]; }
    rondo::Extent extent() const { return {steps, batch, lengths.empty() ? nullptr : lengths.data()}; }
    /// What a run is given; it points to the lengths here.
    template <class B, int Rows>
    DeviceSequence<B, S, Rows> place() const {
        return {value, extent()};
    }

    template <class F>
    void each(F&& f) const {
        for (int t = 0; t < steps; ++t)
            for (int b = 0; b < batch; ++b)
                for (int row = 0; row < rows; ++row) f(t, b, row);
    }
    template <class F>
    void each_valid(F&& f) const {
        each([&](int t, int b, int row) {
            if (t < length(b)) f(t, b, row);
        });
    }
    template <class F>
    void each_padded(F&& f) const {
        each([&](int t, int b, int row) {
            if (t >= length(b)) f(t, b, row);
        });
    }

    /// Numbers from -1 to 1 in the valid part: the same for the same seed, step, sequence and row.
    static Batch random(std::uint64_t seed, int rows, int steps, int batch, std::vector<int> lengths = {}) {
        Batch x{rows, steps, batch, std::move(lengths)};
        const rondo::RandomStream draw{rondo::Seed{seed}, rondo::Purpose::user};
        x.each_valid([&](int t, int b, int row) {
            x.at(t, b, row) =
                S(2 * rondo::uniform(draw.wide(std::uint64_t(row), std::uint32_t(b), std::uint32_t(t))) - 1);
        });
        return x;
    }
    /// Sequence b of the result is sequence from[b].
    Batch columns(const std::vector<int>& from) const {
        Batch y{rows, steps, int(from.size())};
        if (!lengths.empty())
            for (int b : from) y.lengths.push_back(length(b));
        y.each([&](int t, int b, int row) { y.at(t, b, row) = at(t, from[std::size_t(b)], row); });
        return y;
    }
    /// Steps first to first + count; sequences may end before, inside or after.
    Batch part(int first, int count) const {
        Batch y{rows, count, batch};
        if (!lengths.empty())
            for (int b = 0; b < batch; ++b) y.lengths.push_back(std::clamp(length(b) - first, 0, count));
        y.each([&](int t, int b, int row) { y.at(t, b, row) = at(first + t, b, row); });
        return y;
    }
    /// Each sequence backwards, from its own end.
    Batch reversed() const {
        Batch y{rows, steps, batch, lengths};
        y.each_valid([&](int t, int b, int row) { y.at(t, b, row) = at(length(b) - 1 - t, b, row); });
        return y;
    }
    /// Features first to first + count.
    Batch features(int first, int count) const {
        Batch y{count, steps, batch, lengths};
        y.each([&](int t, int b, int row) { y.at(t, b, row) = at(t, b, first + row); });
        return y;
    }
    /// More padded steps, all padding being filler(k) for k = 0, 1, ...
    template <class F>
    Batch padded(int extra, F&& filler) const {
        Batch y{rows, steps + extra, batch, lengths};
        if (lengths.empty()) y.lengths.assign(std::size_t(batch), steps);
        y.each_valid([&](int t, int b, int row) { y.at(t, b, row) = at(t, b, row); });
        int k = 0;
        y.each_padded([&](int t, int b, int row) { y.at(t, b, row) = filler(k++); });
        return y;
    }
    /// What a run wrote: a batch of its own.
    template <class B, int Rows>
    static Batch of(const rondo::SequenceView<S, Rows>& x) {
        Batch y{Rows, x.extent.steps, x.extent.batch};
        if (x.extent.lengths) y.lengths.assign(x.extent.lengths, x.extent.lengths + x.extent.batch);
        y.value = values_of<B>(x);
        return y;
    }
    /// The same with other numbers, such as the gradients of these.
    Batch with(std::vector<S> numbers) const {
        Batch y{rows, steps, batch, lengths};
        y.value = std::move(numbers);
        return y;
    }
};

template <class S> constexpr double tolerance = sizeof(S) == 4 ? 3e-5 : 1e-11;

/// Largest difference, relative to numbers above 1; infinite where one is no number or the counts differ.
template <class S>
double difference(const std::vector<S>& a, const std::vector<S>& b) {
    double worst = a.size() == b.size() ? 0 : HUGE_VAL;
    for (std::size_t k = 0; k < a.size() && k < b.size(); ++k) {
        const double d = std::abs(double(a[k]) - double(b[k])) / std::max(1.0, std::abs(double(a[k])));
        if (!(d <= worst)) worst = std::isnan(d) ? HUGE_VAL : d;
    }
    return worst;
}
/// How many numbers differ in their bits.
template <class S>
std::size_t differing(const std::vector<S>& a, const std::vector<S>& b) {
    if (a.size() != b.size()) return std::max(a.size(), b.size());
    std::size_t count = 0;
    for (std::size_t k = 0; k < a.size(); ++k) count += std::memcmp(&a[k], &b[k], sizeof(S)) != 0;
    return count;
}
/// The same of the valid part, as far as both reach: `b` may be padded further.
template <class S>
std::size_t differing(const Batch<S>& a, const Batch<S>& b) {
    std::size_t count = 0;
    a.each_valid(
        [&](int t, int n, int row) { count += std::memcmp(&a.at(t, n, row), &b.at(t, n, row), sizeof(S)) != 0; });
    return count;
}
template <class S>
double difference(const Batch<S>& a, const Batch<S>& b) {
    return difference(a.value, b.value);
}
/// How many padded numbers are not zero.
template <class S>
std::size_t not_zero_in_padding(const Batch<S>& a) {
    std::size_t count = 0;
    a.each_padded([&](int t, int b, int row) { count += !(a.at(t, b, row) == 0); });
    return count;
}

} // namespace law
