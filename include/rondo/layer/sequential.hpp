// SPDX-License-Identifier: MIT
#pragma once

#include "network.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Layer>
constexpr bool reads_tokens = [] {
    if constexpr (requires { requires Layer::vocabulary > 0; }) return true;
    else return false;
}();
// The mistake of two adjacent layers: compilers print this type's name with both layers and both sizes. A network that
// has one is instantiated no further, so that no other error follows.
template <class Layer, int output_size>
struct Output {
    template <class Next, int input_size>
    struct FeedsInputOf {
        static_assert(output_size == input_size,
                      "rondo::Sequential: a layer's output size is not the next layer's input size");
    };
    template <class Next>
    struct FeedsTokensOf {
        static_assert(!reads_tokens<Next>,
                      "rondo::Sequential: a layer that reads tokens (Embedding) follows one whose output is numbers");
    };
};
struct Connected {};
template <class... Layers>
struct Neighbours {
    using Mistake = Connected;
};
template <class First, class Second, class... Rest>
struct Neighbours<First, Second, Rest...> {
    using Of = Output<First, First::output_size>;
    using Mistake =
        std::conditional_t<reads_tokens<Second>, typename Of::template FeedsTokensOf<Second>,
                           std::conditional_t<First::output_size != Second::input_size,
                                              typename Of::template FeedsInputOf<Second, Second::input_size>,
                                              typename Neighbours<Second, Rest...>::Mistake>>;
};
}

/// Layers applied one after the other.
///
/// Shapes  the first layer's input -> the last layer's output.
/// Errors  adjacent layers whose sizes differ do not compile; the message names both layers and both sizes.
template <class... Layers>
    requires (sizeof...(Layers) > 0)
struct Sequential : Network<Layers...> {
    using Mistake = typename detail::Neighbours<Layers...>::Mistake; // the first
    static_assert(alignof(Mistake) == 1);                            // instantiates it
    static constexpr bool layers_in_order = true;
    static constexpr bool folds = true; // where layers become part of the packed weights of those before them
    static constexpr int input_size = Sequential::template layer_at<0>::input_size;
    static constexpr int output_size = Sequential::template layer_at<sizeof...(Layers) - 1>::output_size;

    // Of all layers together; a step of a stream takes so many inputs.
    static constexpr int stride = (detail::stride<Layers> * ... * 1);

    // The number of tokens if the first layer is an embedding, so that a trainer can check them; else 0.
    static constexpr int vocabulary = [] {
        using First = typename Sequential::template layer_at<0>;
        if constexpr (requires { First::vocabulary; }) return First::vocabulary;
        else return 0;
    }();

    static auto forward(auto& run, const auto& x) {
        if constexpr (std::is_same_v<Mistake, detail::Connected>) return from<0>(run, x);
        else return run.template make<output_size>(x.extent); // so that no other error follows the assertion
    }

private:
    template <std::size_t k>
    static auto from(auto& run, const auto& x) {
        using Kernels = typename std::remove_reference_t<decltype(run)>::kernels;
        auto y = run.template at<k>(x);
        constexpr std::size_t next = detail::folded<Sequential, k + 1, Kernels> ? k + 2 : k + 1;
        if constexpr (next < sizeof...(Layers)) return from<next>(run, y);
        else return y;
    }
};

} // namespace rondo
