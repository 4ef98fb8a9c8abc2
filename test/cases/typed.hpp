// SPDX-License-Identifier: MIT
#pragma once

// The interface of case.hpp, of a type. All training goes through one body, so that a network is compiled for it once.

#include "case.hpp"

#include <rondo/initial/orthogonal.hpp>
#include <rondo/initial/xavier.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/op/states.hpp>

#include <support/backend.hpp>
#include <support/device.hpp>

#include <limits>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace cases {

template <class To, class From>
std::vector<To> converted(const std::vector<From>& from) {
    return {from.begin(), from.end()};
}
template <class S>
Batch of_doubles(const law::Batch<S>& from) {
    Batch y{from.rows, from.steps, from.batch, from.lengths};
    y.value = converted<double>(from.value);
    return y;
}

/// A recurrent layer and nothing else.
template <class L>
struct Alone : rondo::Network<rondo::Named<"rec", L>> {
    using layer = L;
    static constexpr int input_size = L::input_size, output_size = L::output_size;
    static auto forward(auto& run, const auto&... values) { return run(rondo::layer<"rec">, values...); }
};

/// The states of a network: none unless it is a recurrent layer.
template <class Net, class S> struct StatesOfNetwork {
    static constexpr bool recurrent = false, causal = false;
    using type = rondo::States<S, 1, 1, 1>;
};
template <class L, class S> struct StatesOfNetwork<Alone<L>, S> {
    static constexpr bool recurrent = true, causal = L::directions == 1 && !L::reversed;
    using type = typename L::template StatesOf<S>;
};

template <class Net, class B>
class TypedNetwork final : public Network {
    using S = typename B::scalar;
    using Facts = StatesOfNetwork<Net, S>;
    using States = typename Facts::type;
    static constexpr bool reads_tokens = requires { requires Net::vocabulary > 0; };
    using X = std::conditional_t<reads_tokens, int, S>;
    using Input = DeviceSequence<B, X, Net::input_size>;
    using Output = rondo::SequenceView<S, Net::output_size>;

public:
    void draw(rondo::Seed seed, Initial initial) override {
        switch (initial) {
        case Initial::xavier: model_ = rondo::Model<Net, B>(seed, rondo::Xavier{}); break;
        case Initial::orthogonal: model_ = rondo::Model<Net, B>(seed, rondo::Orthogonal{}); break;
        default: model_ = rondo::Model<Net, B>(seed);
        }
    }
    Numbers parameters() const override { return converted<double>(model_.values()); }
    void assign(const Numbers& parameters) override { model_.assign(converted<S>(parameters)); }
    bool same_parameters(const Network& other) const override {
        return model_ == static_cast<const TypedNetwork&>(other).model_;
    }

    void give(const Trial& trial) override {
        trial_ = trial;
        const bool split = trial.split >= 0;
        parts_[0] = split ? trial_.x.part(0, trial.split) : trial_.x;
        parts_[1] = split ? trial_.x.part(trial.split, trial.x.steps - trial.split) : Batch{};
        x_[0].emplace(converted<X>(parts_[0].value), parts_[0].extent());
        x_[1].emplace(converted<X>(parts_[1].value), parts_[1].extent());
        initial_.emplace(packed(trial.initial.value), trial.x.batch);
        const Targets& targets = trial.targets;
        host_classes_ = converted<int>(targets.classes);
        classes_ = on_device<B>(host_classes_);
        fractions_ = on_device<B>(converted<S>(targets.fractions));
        numbers_ = on_device<B>(converted<S>(targets.numbers));
        states_ = on_device<B>(converted<S>(targets.states));
    }
    Outcome record(const rondo::Randomness& randomness) override {
        const double loss = work_.record(model_, nullptr, randomness, body_);
        return outcome(loss);
    }
    Outcome evaluate() override {
        const double loss = work_.evaluate(model_, nullptr, body_);
        return outcome(loss);
    }
    void backward() override {
        const Numbers& dy = trial_.dy.value;
        if (!dy.empty()) {
            const auto middle = dy.begin() + std::ptrdiff_t(out_.y[0].size());
            copy_to_device(work_.backend(), out_.y[0].gradient, std::vector<S>(dy.begin(), middle));
            if (trial_.split >= 0)
                copy_to_device(work_.backend(), out_.y[1].gradient, std::vector<S>(middle, dy.end()));
        }
        if constexpr (Facts::recurrent)
            if (!trial_.dfinal.value.empty()) set_gradients(work_.backend(), out_.final, packed(trial_.dfinal.value));
        work_.backward(&gradient_);
    }
    void gradients(Outcome& to) const override {
        if constexpr (!reads_tokens) {
            Numbers dx = converted<double>(x_[0]->gradients());
            for (const S number : x_[1]->gradients()) dx.push_back(double(number));
            to.dx = trial_.x.with(std::move(dx));
        }
        to.dinitial = trial_.initial.with(spread(initial_->gradients()));
        to.gradient = converted<double>(gradient_.values());
    }
    void forget_gradient() override { gradient_ = {}; }

    Outcome infer() override {
        if constexpr (Facts::recurrent) {
            const auto [y, final] = work_.forward(model_, x(0), initial_->view());
            return {of_doubles(law::Batch<S>::template of<B>(y)), states_batch(final), {}, {}, {}};
        } else {
            return {of_doubles(law::Batch<S>::template of<B>(work_.forward(model_, x(0)))), {}, {}, {}, {}};
        }
    }

    void set_state(int batch, const Numbers& numbers) override {
        state_ = rondo::BatchState<Net, B>{batch};
        if (!numbers.empty()) state_.assign(packed(numbers));
    }
    Numbers state() const override { return spread(state_.values()); }
    void keep_state() override { kept_ = state_; }
    void restore_state() override { state_ = kept_; }
    bool state_is_as_kept() const override { return state_ == kept_; }
    Batch carry(bool from_zero) override {
        if constexpr (Facts::causal) {
            const auto y = from_zero ? work_.forward(model_, x(0)) : work_.forward(model_, state_, x(0));
            return of_doubles(law::Batch<S>::template of<B>(y));
        } else throw std::logic_error{"no layer that carries a state"};
    }
    Batch step() override {
        if constexpr (Facts::causal) return of_doubles(law::Batch<S>::template of<B>(work_.step(model_, state_, x(0))));
        else throw std::logic_error{"no layer that carries a state"};
    }

    rondo::GradientCheck check(const rondo::Randomness& randomness) override {
        return rondo::gradient_check(model_, body_, randomness);
    }

    void soil() override {
        constexpr S nan = std::numeric_limits<S>::quiet_NaN();
        Input given = std::move(*x_[0]);
        PlacedStates<B, States> initial = std::move(*initial_);
        auto noise = converted<X>(trial_.x.value);
        if constexpr (!reads_tokens) noise.assign(noise.size(), nan);
        x_[0].emplace(noise, rondo::Extent{trial_.x.steps, trial_.x.batch});
        initial_.emplace(std::vector<S>(packed(trial_.initial.value).size(), nan), trial_.x.batch);
        record({});
        work_.backend().fill(out_.y[0].gradient, out_.y[0].size(), nan);
        if constexpr (Facts::recurrent)
            for (int k = 0; k < States::components; ++k)
                work_.backend().fill(out_.final.gradient[k], out_.final.size(k), nan);
        work_.backward(nullptr);
        x_[0].emplace(std::move(given));
        initial_.emplace(std::move(initial));
    }
    void renew_workspace() override { work_ = {}; }
    void move_workspace() override {
        rondo::Workspace<Net, B> moved = std::move(work_);
        work_ = std::move(moved);
    }

private:
    struct Results {
        Output y[2];
        States final;
    };
    struct Body {
        TypedNetwork& of;
        auto operator()(auto& run) const { return of.traced(run); }
    };

    rondo::SequenceView<const X, Net::input_size> x(int part) const { return x_[part]->input(); }
    rondo::SequenceView<const X, Net::input_size> with_gradient(int part) {
        auto given = x(part);
        if constexpr (!reads_tokens) given.gradient = B::data(x_[part]->gradient);
        return given;
    }
    rondo::LossValue<B> traced(auto& run) {
        if constexpr (Facts::recurrent) {
            auto all = Net::forward(run, with_gradient(0), initial_->view());
            out_.y[0] = all.output;
            out_.final = all.final;
            if (trial_.split >= 0) {
                all = Net::forward(run, with_gradient(1), out_.final);
                out_.y[1] = all.output;
                out_.final = all.final;
            }
        } else out_.y[0] = Net::forward(run, with_gradient(0));
        return loss(run);
    }
    rondo::LossValue<B> loss(auto& run) const {
        const Output& y = out_.y[0];
        rondo::LossValue<B> all;
        if (!host_classes_.empty()) {
            const double terms = rondo::CrossEntropy{}.terms({host_classes_.data(), nullptr, y.extent});
            all += rondo::CrossEntropy{}(run, y, rondo::Tokens{B::data(classes_), nullptr, y.extent}, terms);
        }
        const auto add = [&]<class Loss, int rows>(const Loss& of, const rondo::SequenceView<S, rows>& result,
                                                   const auto& target) {
            const rondo::SequenceView<const S, rows> wanted{B::data(target), nullptr, result.extent};
            if (!target.empty()) all += of(run, result, wanted, of.terms(wanted));
        };
        add(rondo::BinaryCrossEntropy{}, y, fractions_);
        add(rondo::MeanSquaredError{}, y, numbers_);
        if constexpr (Facts::recurrent)
            [&]<int... k>(std::integer_sequence<int, k...>) {
                (add(rondo::MeanSquaredError{},
                     rondo::SequenceView<S, States::units(k)>{
                         out_.final.value[k], out_.final.gradient[k], {States::count, out_.final.batch}},
                     states_),
                 ...);
            }(std::make_integer_sequence<int, States::components>{});
        return all;
    }

    Outcome outcome(double loss) const {
        Outcome all;
        all.y = of_doubles(law::Batch<S>::template of<B>(out_.y[0]));
        if (trial_.split >= 0) {
            const Numbers second = converted<double>(values_of<B>(out_.y[1]));
            all.y.value.insert(all.y.value.end(), second.begin(), second.end());
            all.y.steps = trial_.x.steps;
            all.y.lengths = trial_.x.lengths;
        }
        if constexpr (Facts::recurrent) all.final = states_batch(out_.final);
        all.loss = loss;
        return all;
    }
    static Batch states_batch(const States& s) {
        return Batch{States::hidden_size, States::components * States::count, s.batch}.with(spread(final_of<B>(s)));
    }
    // The numbers of states in a Batch without the rows past those of a projected h, and the reverse.
    static std::vector<S> packed(const Numbers& states) {
        std::vector<S> all;
        for (std::size_t n = 0; n < states.size(); ++n) {
            const bool h = n * States::components < states.size();
            if (n % States::hidden_size < std::size_t(States::units(h ? 0 : 1))) all.push_back(S(states[n]));
        }
        return all;
    }
    static Numbers spread(const std::vector<S>& states) {
        constexpr std::size_t hidden = States::hidden_size, h = States::units(0),
                              one = h + (States::components - 1) * hidden; // of an entry and a sequence
        const std::size_t of_h = states.size() / one * h;
        Numbers all;
        for (std::size_t n = 0; n < states.size(); ++n) {
            all.push_back(double(states[n]));
            if (n < of_h && n % h == h - 1) all.resize(all.size() + hidden - h);
        }
        return all;
    }

    rondo::Model<Net, B> model_, gradient_;
    rondo::Workspace<Net, B> work_;
    rondo::BatchState<Net, B> state_, kept_;
    Trial trial_;
    Batch parts_[2];
    std::optional<Input> x_[2];
    std::optional<PlacedStates<B, States>> initial_;
    std::vector<int> host_classes_;
    typename B::template buffer<int> classes_;
    typename B::template buffer<S> fractions_, numbers_, states_;
    Results out_;
    const Body body_{*this};
};

template <class Net, class S>
Case& add_network(Cases& to, const std::string& kind, const std::string& size) {
    Case c;
    c.kind = kind;
    c.size = size;
    c.is_float = sizeof(S) == 4;
    c.name = kind + '_' + size + (c.is_float ? "_float" : "_double");
    c.input = Net::input_size;
    c.output = Net::output_size;
    if constexpr (requires { requires Net::vocabulary > 0; }) c.vocabulary = Net::vocabulary;
    c.tensors = Net::tensors;
    c.parameters = rondo::buffer_size<Net>;
#ifdef RONDO_TEST_THRUST
    c.slow = true;
#endif
#if defined(__CUDACC__) && THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
    c.one_order = false;
#endif
    c.make = []() -> std::unique_ptr<Network> { return std::make_unique<TypedNetwork<Net, TestBackend<S>>>(); };
    to.push_back(std::move(c));
    return to.back();
}

} // namespace cases
