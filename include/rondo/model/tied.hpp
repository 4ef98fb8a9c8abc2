// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Ties the tensor named `alias` to the one named `original`.
template <Text alias, Text original>
struct Tie {
    template <class Net>
    static constexpr void apply(std::array<std::size_t, Net::tensors.size()>& of) {
        constexpr std::size_t to = tensor_index<Net, alias>, from = tensor_index<Net, original>;
        static_assert(from < to, "rondo::Tied: the original must come before the tensor that is tied to it");
        static_assert(Net::tensors[to].trained() && Net::tensors[from].trained(),
                      "rondo::Tied: running averages cannot be tied");
        static_assert(Net::tensors[to].rank == Net::tensors[from].rank &&
                          Net::tensors[to].shape() == Net::tensors[from].shape(),
                      "rondo::Tied: two tensors that are tied must have the same shape");
        of[to] = of[from];
    }
};

/// A network with tied tensors: entries of the parameter layout with the same offset. Their gradients add up.
///
///   Tied<Sequential<Named<"in", Embedding<V, E>>, ..., Named<"out", Linear<E, V>>>, Tie<"out.weight", "in.weight">>
///
/// Source  Press & Wolf, "Using the output embedding to improve language models" (2017), arXiv:1608.05859.
template <class Net, class... Ties>
struct Tied : Net {
    static constexpr auto tensors = [] {
        auto all = Net::tensors;
        std::array<std::size_t, all.size()> of{};
        for (std::size_t k = 0; k < all.size(); ++k) {
            of[k] = k;
            for (std::size_t j = 0; j < k; ++j)
                if (Net::tensors[j].offset == Net::tensors[k].offset) of[k] = of[j];
        }
        (Ties::template apply<Net>(of), ...);
        std::size_t next = 0;
        for (const bool trained : {true, false})
            for (std::size_t k = 0; k < all.size(); ++k) {
                if (all[k].trained() != trained) continue;
                if (of[k] == k) {
                    all[k].offset = next;
                    next += padded(all[k].size());
                } else {
                    all[k].offset = all[of[k]].offset;
                }
            }
        return all;
    }();
};

} // namespace rondo
