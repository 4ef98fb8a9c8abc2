// SPDX-License-Identifier: MIT
#pragma once

// Networks behind one interface: a law is compiled once and holds of each. Numbers are doubles whatever the scalar is,
// since a double holds a float and its bits.

#include <rondo/core/parameter_spec.hpp>
#include <rondo/core/random.hpp>
#include <rondo/graph/forward_context.hpp>
#include <rondo/train/gradient_check.hpp>

#include <laws/batch.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cases {

using Numbers = std::vector<double>;
using Batch = law::Batch<double>;

/// The targets of a loss, which is the sum of those that are given: a class a column for CrossEntropy, numbers of the
/// output's shape for BinaryCrossEntropy and MeanSquaredError; and numbers for each component of the final states.
struct Targets {
    Numbers classes, fractions, numbers, states;
};

/// What goes in, and the gradients of what comes out.
struct Trial {
    Batch x, initial, dy, dfinal; // no initial: from zero
    Targets targets{};
    int split = -1; // steps of the first of two calls of the layer; not negative

    Trial columns(const std::vector<int>& from) const {
        return {x.columns(from), initial.columns(from), dy.columns(from), dfinal.columns(from)};
    }
};

/// What comes out. A state is a batch whose steps are its components, layers and directions. All have the rows of c;
/// past those of a projected h there are zeros.
struct Outcome {
    Batch y, final, dx, dinitial;
    Numbers gradient;
    double loss = 0;
};

enum class Initial { standard, xavier, orthogonal };

/// A model, a workspace, a gradient and a state of a batch.
class Network {
public:
    virtual ~Network() = default;

    virtual void draw(rondo::Seed seed, Initial initial = Initial::standard) = 0;
    virtual Numbers parameters() const = 0;
    virtual void assign(const Numbers& parameters) = 0;
    virtual bool same_parameters(const Network& other) const = 0; // another of the same case

    /// Puts a trial where the backend computes, the gradients of inputs and of initial states zero.
    virtual void give(const Trial& trial) = 0;
    /// Of what was given, for training: y, the final states and the loss.
    virtual Outcome record(const rondo::Randomness& randomness = {}) = 0;
    /// From the gradients of the trial's dy and dfinal, where they are given, and of the loss.
    virtual void backward() = 0;
    /// Adds the gradients of the last backwards to what record gave.
    virtual void gradients(Outcome& to) const = 0;
    virtual void forget_gradient() = 0;

    /// For their value only: by Workspace::forward, and by the function that is trained.
    virtual Outcome infer() = 0;
    virtual Outcome evaluate() = 0;

    /// Layers that carry a state on: forward from it, or from zero; one step.
    virtual void set_state(int batch, const Numbers& numbers) = 0;
    virtual Numbers state() const = 0;
    virtual void keep_state() = 0;    // as a value
    virtual void restore_state() = 0; // what was kept
    virtual bool state_is_as_kept() const = 0;
    virtual Batch carry(bool from_zero = false) = 0;
    virtual Batch step() = 0;

    virtual rondo::GradientCheck check(const rondo::Randomness& randomness) = 0;

    /// Fills with NaN the memory that a run of what was given and its backward use.
    virtual void soil() = 0;
    virtual void renew_workspace() = 0;
    virtual void move_workspace() = 0;
};

/// A network and a scalar.
struct Case {
    std::string name, kind, size; // lstm_3_20_2_1_float, lstm, 3_20_2_1
    std::string golden;           // the file of its goldens if there are some, but not by its kind: variants
    int input = 0, output = 0, vocabulary = 0;
    int hidden = 0, h_size = 0, layers = 0, directions = 1, components = 0; // of a recurrent layer
    bool reversed = false, dropout = false, is_float = false;
    bool bounded = true;   // functions with bounds, whose results are finite for an infinite argument
    bool one_order = true; // sums in the same order whatever the extents
    bool slow = false;     // a device, or its threads played one by one
    std::span<const rondo::ParameterSpec> tensors{};
    std::size_t parameters = 0; // numbers of the model's buffer
    std::unique_ptr<Network> (*make)() = nullptr;

    bool recurrent() const { return components > 0; }
    bool causal() const { return directions == 1 && !reversed; }
    int state_steps() const { return components * layers * directions; }
    /// A component of a state as it is in a Batch, without the rows that it does not have.
    Numbers component(const Numbers& state, int k) const;
    /// A state as it is in a Batch, of its components, h first.
    Numbers state(const std::vector<Numbers>& components) const;
    double tolerance() const { return is_float ? law::tolerance<float> : law::tolerance<double>; }
    double rounded(double number) const { return is_float ? double(float(number)) : number; }

    Batch random(std::uint64_t seed, int rows, int steps, int batch, const std::vector<int>& lengths = {}) const;
    /// Of a recurrent layer.
    Trial trial(std::uint64_t seed, int steps, int batch, const std::vector<int>& lengths = {}) const;
    std::unique_ptr<Network> with(rondo::Seed seed) const {
        auto network = make();
        network->draw(seed);
        return network;
    }
    /// How many numbers other extents change: any bit, or what is more than rounding where sums have no order.
    std::size_t changed(const Numbers& a, const Numbers& b) const;
    std::size_t changed(const Batch& a, const Batch& b) const; // of the valid part
};
inline std::ostream& operator<<(std::ostream& to, const Case& c) { return to << c.name; }

/// A training step and an inference, in a fresh workspace unless `used` says otherwise.
Outcome train(Network& network, const Trial& trial, const rondo::Randomness& randomness = {}, bool used = false);
Outcome infer(Network& network, const Trial& trial);

using Cases = std::vector<Case>;
const Cases& all_cases();
template <class F>
Cases cases_where(const F& f) {
    Cases some;
    for (const Case& c : all_cases())
        if (f(c)) some.push_back(c);
    return some;
}
/// The case of that kind, size and scalar; null where there is none.
const Case* find(std::string_view kind, std::string_view size, bool is_float);

struct Name {
    std::string operator()(const testing::TestParamInfo<Case>& info) const { return info.param.name; }
};

} // namespace cases
