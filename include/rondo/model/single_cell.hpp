// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/gru.hpp"
#include "../cell/lstm.hpp"
#include "../cell/rnn.hpp"
#include "workspace.hpp"
#include "../layer/recurrent.hpp"

#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// One cell as a layer of one step, its tensors named as PyTorch names a cell's.
template <class C, int In, int Hidden>
struct CellLayer : Recurrent<C, In, Hidden> {
    static constexpr auto tensors = assign_offsets(cell_tensors<C>(In, Hidden, ""));
};
}

/// A cell by itself: one step of a batch and its backward. Loops over time are its user's.
///
/// A Step holds what one step reads, writes and keeps for its backward; a loop has one for each step it goes back
/// through.
///
/// Shapes  x (In x B), each state (Hidden x B); their gradients alike.
/// Errors  a Step of less than one sequence; backward without a forward before it. A Step's batch is fixed when it is
///         made.
/// Memory  a Step takes all of its own when it is made; forward and backward take none.
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
        /// Hidden x B; component 0 is h, and 1 is c in an LSTM.
        template <int component = 0> auto before() { return map<Hidden>(before_[component]); }
        template <int component = 0> auto before_gradient() { return map<Hidden>(before_gradient_[component]); }
        template <int component = 0> auto after() { return map<Hidden>(after_[component]); }
        /// dL/d(state after): to be set before backward.
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

    /// The state after, from x and the state before.
    void forward(Step& step) const {
        const auto final = step.work_.record(parameters, nullptr, {}, [&step](auto& run) { return step.body(run); });
        for (int k = 0; k < states; ++k) step.work_.backend().copy(step.after_[k], final.value[k], final.size());
        step.final_gradient_ = final.gradient;
    }

    /// From the gradients of the state after: adds to `gradient`, and writes the gradients of x and of the state before.
    void backward(Step& step, Parameters& gradient) const {
        if (!step.work_.recorded())
            fail(Error::Kind::argument, "rondo: a cell's backward without a forward before it");
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

/// h' = tanh(W x + b + U h + c), alone. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct RNNCell : SingleCell<cell::RNN, In, Hidden, B> {
    using SingleCell<cell::RNN, In, Hidden, B>::SingleCell;
};
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct ReluRNNCell : SingleCell<cell::ReluRNN, In, Hidden, B> {
    using SingleCell<cell::ReluRNN, In, Hidden, B>::SingleCell;
};
/// Long short-term memory, alone. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct LSTMCell : SingleCell<cell::LSTM, In, Hidden, B> {
    using SingleCell<cell::LSTM, In, Hidden, B>::SingleCell;
};
/// Gated recurrent unit, reset after the product, alone. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct GRUCell : SingleCell<cell::GRU, In, Hidden, B> {
    using SingleCell<cell::GRU, In, Hidden, B>::SingleCell;
};
/// Gated recurrent unit, reset before the product, alone. See SingleCell.
template <int In, int Hidden, Backend B = EigenBackend<float>>
struct GRUResetBeforeCell : SingleCell<cell::GRUResetBefore, In, Hidden, B> {
    using SingleCell<cell::GRUResetBefore, In, Hidden, B>::SingleCell;
};

} // namespace rondo
