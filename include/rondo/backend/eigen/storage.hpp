// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/bfloat16.hpp"
#include "../../simd/pack.hpp"

#include <bit>
#include <concepts>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The storage format of packed weights: a word holds the weights of one lane for `rows` consecutive inputs. bfloat16
/// has two in a word of 32 bits.
template <class P, class W> struct Storage;

template <class P>
struct Storage<P, typename P::scalar> {
    using scalar = typename P::scalar;
    using word = scalar;
    static constexpr int rows = 1;
    static word join(const word* weights) { return *weights; }
    /// The weights of input `row` of a pack of words.
    template <int row>
    [[gnu::always_inline]] static P load(const word* from) {
        return P::load(from);
    }
};

template <class P>
    requires std::same_as<typename P::scalar, float>
struct Storage<P, bfloat16> {
    using scalar = float;
    using word = std::uint32_t;
    static constexpr int rows = 2;
    static word join(const float* weights) {
        return word(bfloat16{weights[0]}.bits) | word(bfloat16{weights[1]}.bits) << 16;
    }
    template <int row>
    [[gnu::always_inline]] static P load(const word* from) {
        if constexpr (P::size == 1) {
            bfloat16 weight;
            weight.bits = std::uint16_t(*from >> 16 * row);
            return P(float(weight));
        } else {
            return of_words<row>(from);
        }
    }

private:
    template <int row>
    [[gnu::always_inline]] static P of_words(const word* from) {
        namespace ei = Eigen::internal;
        using Integer = typename ei::unpacket_traits<typename P::raw>::integer_packet;
        const auto words = ei::ploadu<Integer>(reinterpret_cast<const int*>(from));
        if constexpr (row == 0)
            return P::from(ei::preinterpret<typename P::raw>(Integer(ei::plogical_shift_left<16>(words))));
        else
            return P::from(
                ei::preinterpret<typename P::raw>(Integer(ei::pand(words, ei::pset1<Integer>(int(0xffff0000u))))));
    }
};

} // namespace rondo::eigen
