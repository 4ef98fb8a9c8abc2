// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/text.hpp"
#include "../core/view.hpp"
#include "../op/concatenate.hpp"
#include "../op/states.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// An LSTM, or a variant of it, whose result is the final cell state of its last layer instead of h.
///
/// Shapes  x (In x T B) -> y (D Hidden x B), D directions: PyTorch's c_n[-1], or cat(c_n[-2], c_n[-1]); ONNX's Y_c.
///         Zero for an empty sequence.
/// Errors  does not compile in a stream, whose State has c; argument: training that carries its state.
template <class Layer>
struct FinalCellState : Layer {
    static_assert(Layer::components == 2, "rondo::FinalCellState: the layer is no LSTM: its state is h alone");
    static constexpr LayerKind kind_after = LayerKind::FinalCellState;
    static constexpr int output_size = Layer::directions * Layer::hidden_size;
    static constexpr Label describe() {
        Label text{"FinalCellState"};
        if constexpr (requires { Layer::describe(); }) text.add(" ").add(Layer::describe().view());
        return text;
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Layer::input_size>& x) {
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        static_assert(!Run::stepwise, "rondo: FinalCellState gives a sequence's last c; in a stream the State has it");
        auto final = Layer::template persistent_states<Scalar>(run, x.extent.batch);
        if (!final.value[1]) {
            final = Layer::forward(run, x, from_zero).final;
        } else {
            if (run.taped()) // c has no gradient there
                fail(Error::Kind::argument, "rondo: FinalCellState starts from zero in training; it cannot carry state "
                                            "on");
            Layer::template from<0>(run, static_cast<SequenceView<const Scalar, Layer::input_size>>(x), final, final);
        }
        const auto of = [&](int index) {
            using C = SequenceView<Scalar, Layer::hidden_size>;
            const std::size_t at = final.at(1, index);
            return C{final.value[1] + at,
                     final.gradient[1] ? final.gradient[1] + at : nullptr,
                     {1, x.extent.batch, nullptr, x.extent.first_step, x.extent.first_column}};
        };
        constexpr int last = Layer::layers * Layer::directions - 1;
        if constexpr (Layer::directions == 1) return of(last);
        else return concatenate(run, of(last - 1), of(last));
    }
};

} // namespace rondo
