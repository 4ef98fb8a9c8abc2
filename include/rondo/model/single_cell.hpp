// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/gru.hpp"
#include "../cell/lstm.hpp"
#include "../cell/rnn.hpp"
#include "../layer/recurrent.hpp"
#include "workspace.hpp"

#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// A cell as a recurrent layer, with the parameter names of PyTorch's cells.
template <class C, int In, int Hidden>
struct CellLayer : Recurrent<C, In, Hidden> {
    static constexpr auto tensors = assign_offsets(cell_tensors<C>(In, Hidden, ""));
};
}

/// A single cell, as PyTorch's LSTMCell: one step of a batch and its backward. The loop over time is the caller's.
///
/// A Step holds the inputs, outputs and saved values of one step; backpropagation through time needs one per step.
///
/// Shapes  x (In x B), each state (Hidden x B); their gradients have the same shapes.
/// Errors  a Step of less than one sequence; backward without a forward before it.
/// Memory  a Step allocates in its constructor, for a fixed batch; forward and backward allocate nothing.
template <class C, int In, int Hidden, Backend B>
    requires Cell<C>
class SingleCell {
public:
    using network = detail::CellLayer<C, In, Hidden>;
    using scalar = typename B::scalar;
    using Parameters = Model<network, B>;
    static constexpr int states = C::shape.states;

    SingleCell() = default;
    explicit SingleCell(Seed seed) : parameters{seed} {}

    /// weight_ih, weight_hh, bias_ih, bias_hh: parameters.tensor<"weight_ih">(). A gradient has the same type.
    Parameters parameters;

    class Step {
    public:
        explicit Step(int batch) : batch_{batch} {
            if (batch < 1)
                fail(Error::Kind::argument, "rondo: a cell's batch: expected 1 or more, got " + std::to_string(batch));
            const std::size_t h = padded(std::size_t(batch) * Hidden), in = padded(std::size_t(batch) * In);
            buffer_.resize(2 * in + 4 * std::size_t(states) * h);
            Arena<scalar> arena{B::data(buffer_), buffer_.size()};
            for (scalar** p : {&x_, &x_gradient_}) *p = arena.take(in);
            for (auto* v : {&before_, &before_gradient_, &after_, &after_gradient_})
                for (int k = 0; k < states; ++k) (*v)[k] = arena.take(h);
            work_.template reserve<Mode::training>([&step = *this](auto& run) { return step.body(run); });
        }
        int batch() const { return batch_; }

        /// In x B
        auto x() { return map<In>(x_); }
        auto x_gradient() { return map<In>(x_gradient_); }
        /// Hidden x B; component 0 is h, component 1 an LSTM's c.
        template <int component = 0> auto before() { return map<Hidden>(before_[component]); }
        template <int component = 0> auto before_gradient() { return map<Hidden>(before_gradient_[component]); }
        template <int component = 0> auto after() { return map<Hidden>(after_[component]); }
        /// dL/d(after), the upstream gradient: set it before backward.
        template <int component = 0> auto after_gradient() { return map<Hidden>(after_gradient_[component]); }

    private:
        friend SingleCell;
        template <int Rows>
        auto map(scalar* p) {
            return B::template columns_map<Rows>(p, std::size_t(batch_));
        }
        auto body(auto& run) {
            const SequenceView<scalar, In> x{x_, x_gradient_, {1, batch_}};
            const States<scalar, Hidden, 1, states> initial{before_, before_gradient_, batch_};
            return network::forward(run, x, initial).final;
        }

        int batch_;
        typename B::template buffer<scalar> buffer_;
        scalar *x_ = nullptr, *x_gradient_ = nullptr;
        Values<scalar*, states> before_{}, before_gradient_{}, after_{}, after_gradient_{};
        Values<scalar*, states> final_gradient_{};
        Workspace<network, B> work_;
    };

    /// Computes step.after from step.x and step.before.
    void forward(Step& step) const {
        const auto final = step.work_.record(parameters, nullptr, {}, [&step](auto& run) { return step.body(run); });
        for (int k = 0; k < states; ++k) step.work_.backend().copy(step.after_[k], final.value[k], final.size(k));
        step.final_gradient_ = final.gradient;
    }

    /// From step.after_gradient, writes step.x_gradient and step.before_gradient, and adds to the parameters' gradient.
    void backward(Step& step, Parameters& gradient) const {
        if (!step.work_.recorded()) fail(Error::Kind::argument, "rondo: a cell's backward without a forward before it");
        B& backend = step.work_.backend();
        const std::size_t h = std::size_t(step.batch_) * Hidden;
        backend.fill(step.x_gradient_, std::size_t(step.batch_) * In, scalar(0));
        for (int k = 0; k < states; ++k) {
            backend.fill(step.before_gradient_[k], h, scalar(0));
            backend.copy(step.final_gradient_[k], step.after_gradient_[k], h);
        }
        step.work_.backward(&gradient);
    }
};

/// A single Elman cell, h' = tanh(W x + b + U h + c). See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct RNNCell : SingleCell<cell::RNN, In, Hidden, B> {
    using SingleCell<cell::RNN, In, Hidden, B>::SingleCell;
};
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct ReluRNNCell : SingleCell<cell::ReluRNN, In, Hidden, B> {
    using SingleCell<cell::ReluRNN, In, Hidden, B>::SingleCell;
};
/// A single LSTM cell. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct LSTMCell : SingleCell<cell::LSTM, In, Hidden, B> {
    using SingleCell<cell::LSTM, In, Hidden, B>::SingleCell;
};
/// A single GRU cell that resets after the product. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct GRUCell : SingleCell<cell::GRU, In, Hidden, B> {
    using SingleCell<cell::GRU, In, Hidden, B>::SingleCell;
};
/// A single GRU cell that resets before the product. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct GRUResetBeforeCell : SingleCell<cell::GRUResetBefore, In, Hidden, B> {
    using SingleCell<cell::GRUResetBefore, In, Hidden, B>::SingleCell;
};

} // namespace rondo
