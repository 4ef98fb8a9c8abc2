// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../../core/host_device.hpp"
#include "../../graph/loss_value.hpp"
#include "device_batch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The outcome of the pending steps, in the backend's memory.
struct StepRecord {
    static constexpr std::size_t most = 128, none = ~std::size_t{0};
    double loss[most]{};      // of each slot
    double factor = 1;        // clipping factor of the last gradient
    std::uint64_t bad = 0;    // 1 + the slot of the first step with a loss or gradient that is not finite; 0: none
    std::size_t first = none; // index of the first element of that gradient that is not finite
};

/// A partial reduction of a gradient: the sum of squares and the index of the first element that is not finite; or the
/// partial sum of losses.
struct Partial {
    double sum = 0;
    std::size_t first = StepRecord::none;
};
// Sums have a fixed order: a first pass of many threads with strided, coalesced reads, then a second pass of fewer.
inline constexpr std::size_t first_pass_threads = 4096, second_pass_threads = 64;

template <class S>
struct ReduceColumns {
    const S *gradient, *losses;
    std::size_t size, columns;
    Partial* to;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t part) const {
        Partial partial;
        if (part < first_pass_threads) {
            for (std::size_t k = part; k < size; k += first_pass_threads) {
                const double g = double(gradient[k]);
                partial.sum += g * g;
                if (!std::isfinite(g) && partial.first == StepRecord::none) partial.first = k;
            }
        } else {
            for (std::size_t k = part - first_pass_threads; k < columns; k += second_pass_threads)
                partial.sum += double(losses[k]);
        }
        to[part] = partial;
    }
};
struct ReducePartials {
    const Partial* from;
    Partial* to;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t part) const {
        Partial partial;
        for (std::size_t k = part; k < first_pass_threads; k += second_pass_threads) {
            partial.sum += from[k].sum;
            if (from[k].first < partial.first) partial.first = from[k].first;
        }
        to[part] = partial;
    }
};
struct RecordOutcome {
    const Partial *gradient, *losses; // second_pass_threads each
    const StepNote* note;
    double terms, clip_norm;
    StepRecord* record;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t) const {
        double squares = 0, loss = 0;
        std::size_t first = StepRecord::none;
        for (std::size_t k = 0; k < second_pass_threads; ++k) {
            squares += gradient[k].sum;
            loss += losses[k].sum;
            if (gradient[k].first < first) first = gradient[k].first;
        }
        const double norm = std::sqrt(squares), factor = clip_norm / (norm + 1e-6);
        record->loss[note->slot] = loss;
        record->factor = clip_norm > 0 && factor < 1 ? factor : 1;
        if (record->bad > 0 || (std::isfinite(loss * terms) && std::isfinite(norm))) return;
        record->bad = note->slot + 1;
        record->first = first;
    }
};
template <class S>
struct ScaleByRecord {
    S* p;
    const StepRecord* record;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        if (record->factor < 1) L::store(p + k, L::load(p + k) * typename L::P(S(record->factor)));
    }
};

/// Checks the loss and the gradient of each step on the device, without synchronization.
///
/// Memory  allocated by the constructor; none for a synchronous backend.
template <class B>
class FiniteCheck {};

template <Asynchronous B>
class FiniteCheck<B> {
public:
    using scalar = typename B::scalar;

    /// Enqueues kernels that record the loss, whether loss and gradient are finite, and the factor of clip_norm.
    void reduce(B& backend, const scalar* gradient, std::size_t size, const LossValue<B>& losses, double terms,
                double clip_norm, const StepNote* note) {
        Partial *parts = B::data(parts_), *again = parts + first_pass_threads + second_pass_threads;
        const auto& [each, extent] = losses.part(0);
        backend.columns(ReduceColumns<scalar>{gradient, each, size, extent.columns(), parts},
                        first_pass_threads + second_pass_threads);
        backend.columns(ReducePartials{parts, again}, second_pass_threads);
        backend.columns(RecordOutcome{again, parts + first_pass_threads, note, terms, clip_norm, record()}, 1);
    }
    StepRecord* record() { return B::data(record_); }

    /// Copies the record to the host; synchronizes.
    StepRecord read() {
        StepRecord host;
        B::download(&host, record(), 1);
        return host;
    }
    void clear(B& backend) {
        const StepRecord none;
        backend.send(record(), &none, 1);
    }

private:
    template <class T>
    using buffer = typename B::template buffer<T>;
    buffer<Partial> parts_ = buffer<Partial>(first_pass_threads + 2 * second_pass_threads);
    buffer<StepRecord> record_ = buffer<StepRecord>(1);
};

} // namespace rondo::detail
