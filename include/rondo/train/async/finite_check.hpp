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

/// What the backend's memory keeps of the steps that nobody has looked at yet.
struct StepRecord {
    static constexpr std::size_t most = 128, none = ~std::size_t{0};
    double loss[most]{};      // one a slot
    double factor = 1;        // what the last gradient is scaled by
    std::uint64_t bad = 0;    // 1 + the slot of the first step whose loss or gradient is not finite; 0: every one is
    std::size_t first = none; // of that gradient's numbers, the first that is not finite
};

/// Of some numbers of a gradient, the sum of their squares and the first that is not finite; or of losses, their sum.
struct Partial {
    double sum = 0;
    std::size_t first = StepRecord::none;
};
// Sums in a fixed order, by many threads of which each reads what its neighbours' neighbour does; then by fewer.
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
            for (std::size_t k = part - first_pass_threads; k < columns; k += second_pass_threads) partial.sum += double(losses[k]);
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

/// Looks at each step where the backend's memory is, so that nobody waits for it.
///
/// Memory  taken when it is made; none for a backend whose work is done at once.
template <class B>
class FiniteCheck {};

template <Asynchronous B>
class FiniteCheck<B> {
public:
    using scalar = typename B::scalar;

    /// Notes the loss, whether it and the gradient are finite, and by what factor clip_norm scales the gradient.
    void reduce(B& backend, const scalar* gradient, std::size_t size, const LossValue<B>& losses, double terms,
               double clip_norm, const StepNote* note) {
        Partial *parts = B::data(parts_), *again = parts + first_pass_threads + second_pass_threads;
        const auto& [each, extent] = losses.part(0);
        backend.columns(ReduceColumns<scalar>{gradient, each, size, extent.columns(), parts}, first_pass_threads + second_pass_threads);
        backend.columns(ReducePartials{parts, again}, second_pass_threads);
        backend.columns(RecordOutcome{again, parts + first_pass_threads, note, terms, clip_norm, record()}, 1);
    }
    StepRecord* record() { return B::data(record_); }

    /// Waits.
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
