// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/memory.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/ratio.hpp"
#include "../core/view.hpp"
#include "../graph/layer_layout.hpp"
#include "../op/batch_normalize.hpp"
#include "../op/scale_features.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The momentum with which all steps have the same weight: PyTorch's momentum=None.
inline constexpr Ratio equal_momentum{-1, 1};

/// The options of a batch normalization. eps is added to the variance; momentum: the weight of the last step in the
/// running statistics, from 0, which keeps them, to 1, or equal_momentum; affine: there are a weight and a bias;
/// track_running_stats: there are running statistics, without which those of the batch are used in evaluation, too;
/// fixed: training uses the running statistics and does not change them.
struct BatchNormOptions {
    Ratio eps{1, 100000}, momentum{1, 10};
    bool affine = true, track_running_stats = true, fixed = false;
    bool operator==(const BatchNormOptions&) const = default;

    constexpr bool valid() const {
        return eps.valid() && eps.numerator >= 0 &&
               (momentum == equal_momentum || (momentum.valid() && momentum.value() >= 0 && momentum.value() <= 1)) &&
               (track_running_stats || !fixed);
    }
};

/// Batch normalization of each feature.
///
///   y = w (x - m) / sqrt(v + eps) + b                                         (1)
///
/// In training m and v are the mean and the variance over the n steps of all sequences of a batch, without padding, and
/// the running statistics become
///
///   m' = m' + momentum (m - m'),  v' = v' + momentum (v n / (n - 1) - v')     (2)
///
/// So the gradient of a batch is not the sum of those of its sequences, and a Trainer does not divide it: one worker
/// computes it as one shard. Otherwise, and in streams, m and v are the running statistics, so that the layer is
/// causal. A stream multiplies and adds once for each feature; directly after a Linear or a Conv1d in a Sequential the
/// layer becomes part of their packed weights.
///
/// Training is a run with dropout (Randomness::dropout). A caller of Workspace::backward applies (2) by
/// update_averages. A layer that a forward calls several times updates its averages once, by the mean over the calls,
/// and num_batches_tracked rises by 1; PyTorch updates them with each call.
///
/// Shapes  x, y (Size x T B); weight w (Size), initially 1, bias b (Size), initially 0; running_mean m' (Size),
///         initially 0, running_var v' (Size), initially 1, num_batches_tracked (one number), which no optimizer
///         changes.
/// Units   num_batches_tracked is kept as the backend's scalar, and stops at 2^24 in float.
/// Errors  statistics of a batch with fewer than two steps; a stream without running statistics.
/// Memory  three numbers for each feature.
/// Source  Ioffe & Szegedy, "Batch normalization" (2015), arXiv:1502.03167, in PyTorch's form.
template <int Size, BatchNormOptions options = BatchNormOptions{}>
// eps >= 0, 0 <= momentum <= 1 or equal_momentum; fixed statistics are running ones
    requires (Size > 0) && (options.valid())
struct BatchNorm1d {
    static constexpr LayerKind kind = options.track_running_stats ? LayerKind::BatchNorm1d : LayerKind::other;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr Ratio epsilon = options.eps;
    static constexpr std::size_t affine = options.affine ? 2 : 0, running = options.track_running_stats ? 3 : 0;
    static constexpr auto tensors = [] {
        using Role = ParameterSpec::Role;
        std::array<ParameterSpec, affine + running> all{};
        if constexpr (options.affine) {
            all[0] = ParameterSpec{.name = "weight", .rows = Size, .role = Role::constant, .initial = 1, .rank = 1};
            all[1] = ParameterSpec{.name = "bias", .rows = Size, .role = Role::constant, .rank = 1};
        }
        if constexpr (options.track_running_stats) {
            constexpr double momentum = options.momentum.value();
            const auto average = [](const Label& name, double initial) {
                return ParameterSpec{.name = name,
                                     .rows = Size,
                                     .role = Role::average,
                                     .initial = initial,
                                     .momentum = momentum,
                                     .rank = 1};
            };
            all[affine] = average("running_mean", 0);
            all[affine + 1] = average("running_var", 1);
            all[affine + 2] = ParameterSpec{.name = "num_batches_tracked", .rows = 1, .role = Role::count, .rank = 0};
        }
        return assign_offsets(all);
    }();
    static constexpr Label describe() { return Label{"BatchNorm1d "}.add(Size); }

    /// The normalization by the running statistics as y = factor x + shift.
    template <class Tensors>
    static auto scale(const Tensors& tensor, std::size_t k) {
        struct {
            double factor, shift;
        } of;
        of.factor = 1 / std::sqrt(double(tensor(affine + 1)[k]) + options.eps.value());
        if constexpr (options.affine) of.factor *= double(tensor(0)[k]);
        of.shift = -double(tensor(affine)[k]) * of.factor;
        if constexpr (options.affine) of.shift += double(tensor(1)[k]);
        return of;
    }
    // The step kernel of streams: factors, then shifts.
    template <class K>
        requires (options.track_running_stats) && requires { typename K::scalar; }
    static constexpr std::size_t packed_size = 2 * padded(std::size_t(Size)) * sizeof(typename K::scalar);
    template <class K>
    static void pack(const auto& tensor, std::byte* to) {
        using S = typename K::scalar;
        S* const numbers = reinterpret_cast<S*>(to);
        for (std::size_t k = 0; k < std::size_t(Size); ++k) {
            const auto of = scale(tensor, k);
            numbers[k] = detail::normal_weight(S(of.factor));
            numbers[padded(std::size_t(Size)) + k] = detail::normal_weight(S(of.shift));
        }
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        static_assert(options.track_running_stats || !Run::packed,
                      "rondo: BatchNorm1d without running statistics normalizes whole batches; it cannot be streamed");
        const auto y = run.template make<Size>(x.extent);
        if constexpr (Run::packed) {
            const auto* const numbers = reinterpret_cast<const Scalar*>(run.weights());
            run.execute(ScaleFeatures<Scalar>{x.value, numbers, numbers + padded(std::size_t(Size)), y.value,
                                              std::size_t(Size), x.columns()});
        } else {
            BatchNormalization<Scalar> operation{x, y};
            operation.eps = Scalar(options.eps.value());
            if constexpr (options.affine) {
                operation.weight = run.parameter(0);
                operation.bias = run.parameter(1);
            }
            if constexpr (options.track_running_stats) {
                operation.running_mean = run.parameter(affine);
                operation.running_var = run.parameter(affine + 1);
                operation.steps = run.parameter(affine + 2);
            }
            operation.mean = run.take(Size);
            operation.variance = run.take(Size);
            operation.scale = run.take(Size);
            operation.of_batch = !options.track_running_stats || (Run::differentiable && run.drops() && !options.fixed);
            if (operation.of_batch && run.needs_whole_batch() && operation.count() < 2)
                fail(Error::Kind::argument, "rondo::BatchNorm1d: statistics of a batch need two steps or more, got " +
                                                std::to_string(operation.count()));
            run.execute(operation);
        }
        return y;
    }
};

namespace detail {
template <int Size, BatchNormOptions options>
inline constexpr bool is_scale<BatchNorm1d<Size, options>> = options.track_running_stats;
}

} // namespace rondo
