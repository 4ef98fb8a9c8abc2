// SPDX-License-Identifier: MIT
#pragma once

#include "../data/batch.hpp"
#include "../graph/layer_context.hpp"
#include "../layer/sequential.hpp"
#include "../loss/concept.hpp"

#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

// What a batch, a network and a loss must have in common. Each mistake is a struct with one static assertion, whose
// name has both sizes or types, since compilers print it. It is instantiated instead of all that would fail.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

template <class Number>
struct NumbersOf { // the batch
    template <class Scalar>
    struct GivenToModelOf {
        static_assert(std::is_same_v<Number, Scalar>,
                      "rondo: the batch's numbers are not of the model's type: float, unless its backend has another");
    };
};
template <class Weight>
struct WeightsOf { // samples
    template <class Scalar>
    struct GivenToModelOf {
        static_assert(std::is_same_v<Weight, Scalar>, "rondo: the weights of samples are not of the model's type");
    };
};
template <class Input>
struct Input0 {
    template <class Net>
    struct GivenToNetwork {
        static_assert(std::is_same_v<Input, Tokens>,
                      "rondo::Trainer: the network reads tokens, but the batch's first input has none");
    };
};
template <int features>
struct FeaturesOfBatch {
    template <int input_size>
    struct GivenToNetworkOf {
        static_assert(features == input_size, "rondo: the batch's features are not the input size of the network");
    };
};
template <int outputs>
struct NetworkOutputs {
    template <int numbers, int outputs_for_each>
    struct ForTargetsOf {
        static_assert(outputs == numbers * outputs_for_each,
                      "rondo: the network's outputs are not as many as the loss needs for a target: one, or those of "
                      "docs/custom-losses.md, for each of its numbers");
    };
};
template <class T>
struct TargetsOf {
    template <class Loss>
    struct GivenToLossOfClasses {
        static_assert(std::is_same_v<T, int>,
                      "rondo: this loss takes targets that are classes, one int a step, not numbers");
    };
    template <class Loss>
    struct GivenToLossOfLabels {
        static_assert(std::is_same_v<T, int>,
                      "rondo: this loss takes targets that are sequences of labels, one int each, not numbers");
    };
    template <class Loss>
    struct GivenToLossOfNumbers {
        static_assert(!std::is_same_v<T, int>,
                      "rondo: this loss takes targets that are numbers, not classes or tokens");
    };
};
template <class Outputs, class Targets>
struct OutputsAndTargets {
    template <class Loss>
    struct GivenToLoss {
        static_assert(!std::is_same_v<Loss, Loss>,
                      "rondo: the loss does not take these outputs and targets, or is no loss: docs/custom-losses.md");
    };
};

struct NoMistake {};

template <class S, class T> constexpr bool is_number = std::same_as<T, int> || std::same_as<T, S>;

/// The first of the types that is not NoMistake.
template <class First, class... Rest>
auto first_mistake(std::type_identity<First> first, std::type_identity<Rest>... rest) {
    if constexpr (sizeof...(Rest) > 0 && std::same_as<First, NoMistake>) return detail::first_mistake(rest...);
    else return first;
}
template <class S, class View>
auto numbers_mistake() {
    using T = typename View::value_type;
    if constexpr (is_number<S, T>) return std::type_identity<NoMistake>{};
    else return std::type_identity<typename NumbersOf<T>::template GivenToModelOf<S>>{};
}
template <class S, class Target>
auto target_mistake() {
    if constexpr (!HasWeights<Target>) return numbers_mistake<S, Target>();
    else if constexpr (std::same_as<typename Target::weight_type, S>)
        return numbers_mistake<S, decltype(Target::values)>();
    else return std::type_identity<typename WeightsOf<typename Target::weight_type>::template GivenToModelOf<S>>{};
}
template <class Net, class S, class Input>
auto input_mistake() {
    if constexpr (reads_tokens<Net>) {
        if constexpr (!std::same_as<Input, Tokens>)
            return std::type_identity<typename Input0<Input>::template GivenToNetwork<Net>>{};
        else return std::type_identity<NoMistake>{};
    } else if constexpr (requires { Net::input_size; }) {
        constexpr int features = Input::rows, size = Net::input_size;
        if constexpr (std::same_as<typename Input::value_type, int>)
            return std::type_identity<typename NumbersOf<int>::template GivenToModelOf<S>>{};
        else if constexpr (features != size)
            return std::type_identity<typename FeaturesOfBatch<features>::template GivenToNetworkOf<size>>{};
        else return std::type_identity<NoMistake>{};
    } else {
        return std::type_identity<NoMistake>{};
    }
}
/// Of a network's output Y and targets whose numbers are of the right type.
template <class L, class Run, class Y, class Target>
auto loss_mistake() {
    using Values = std::remove_cvref_t<decltype(values_of(std::declval<const Target&>()))>;
    using T = typename Values::value_type;
    using Other = typename OutputsAndTargets<Y, Target>::template GivenToLoss<L>;
    if constexpr (LossIn<L, Run, Y, Target>) return std::type_identity<NoMistake>{};
    else if constexpr (OverNumbers<L>) {
        if constexpr (std::same_as<T, int>)
            return std::type_identity<typename TargetsOf<T>::template GivenToLossOfNumbers<L>>{};
        else if constexpr (Y::rows != L::outputs * Values::rows)
            return std::type_identity<
                typename NetworkOutputs<Y::rows>::template ForTargetsOf<Values::rows, L::outputs>>{};
        else return std::type_identity<Other>{};
    } else if constexpr (OverClasses<L> && !std::same_as<T, int>) {
        return std::type_identity<typename TargetsOf<T>::template GivenToLossOfClasses<L>>{};
    } else if constexpr (OverLabels<L> && !std::same_as<T, int>) {
        return std::type_identity<typename TargetsOf<T>::template GivenToLossOfLabels<L>>{};
    } else {
        return std::type_identity<Other>{};
    }
}

template <class Net, class Run, class... Inputs>
auto output_of(const std::tuple<Inputs...>&)
    -> decltype(Net::forward(std::declval<Run&>(), std::declval<const Inputs&>()...));

template <class Net, class L, class B, class Target, class First, class... Rest>
auto training_mistake(std::type_identity<Batch<Target, First, Rest...>>) {
    using S = typename B::scalar;
    const auto found = detail::first_mistake( // qualified: no class of an argument is instantiated
        input_mistake<Net, S, First>(), numbers_mistake<S, First>(), numbers_mistake<S, Rest>()...,
        target_mistake<S, Target>());
    if constexpr (!std::same_as<typename decltype(found)::type, NoMistake>) return found;
    else {
        using Run = LayerContext<Net, ForwardContext<B, Mode::training>>;
        using Y = decltype(output_of<Net, Run>(std::declval<const std::tuple<First, Rest...>&>()));
        return loss_mistake<L, Run, Y, Target>();
    }
}
/// The mistake, if a network cannot be trained with a loss on these batches.
template <class Net, class L, class B, class Batch>
using TrainingMistake = typename decltype(detail::training_mistake<Net, L, B>(std::type_identity<Batch>{}))::type;

/// Whether there is none.
template <class Net, class L, class B, class Batch>
constexpr bool can_train = std::same_as<TrainingMistake<Net, L, B, Batch>, NoMistake>;

} // namespace rondo::detail
