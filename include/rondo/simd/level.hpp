// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <Eigen/Core>

#include <string_view>

/// Instruction sets as types. Code compiled for one has it in its type, so translation units built for different
/// processors link into one program and each runs its own code.
namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

struct Scalar {
    static constexpr std::string_view name = "scalar";
};
struct SSE {
    static constexpr std::string_view name = "SSE";
};
struct AVX {
    static constexpr std::string_view name = "AVX";
};
struct AVX2 {
    static constexpr std::string_view name = "AVX2";
}; // with FMA
struct AVXVNNI {
    static constexpr std::string_view name = "AVX-VNNI";
}; // AVX2 with products of int8
struct AVX512 {
    static constexpr std::string_view name = "AVX-512";
};
struct AVX512VNNI {
    static constexpr std::string_view name = "AVX-512 VNNI";
};
struct NEON {
    static constexpr std::string_view name = "NEON";
};
struct NEONDotProduct {
    static constexpr std::string_view name = "NEON with dot products";
};
struct Other {
    static constexpr std::string_view name = "other";
};

/// The instruction set that this translation unit is built for.
#if !defined(EIGEN_VECTORIZE)
using Native = Scalar;
#elif defined(EIGEN_VECTORIZE_AVX512) && defined(__AVX512VNNI__)
using Native = AVX512VNNI;
#elif defined(EIGEN_VECTORIZE_AVX512)
using Native = AVX512;
#elif defined(EIGEN_VECTORIZE_AVX2) && defined(EIGEN_VECTORIZE_FMA) && defined(__AVXVNNI__)
using Native = AVXVNNI;
#elif defined(EIGEN_VECTORIZE_AVX2) && defined(EIGEN_VECTORIZE_FMA)
using Native = AVX2;
#elif defined(EIGEN_VECTORIZE_AVX)
using Native = AVX;
#elif defined(EIGEN_VECTORIZE_SSE)
using Native = SSE;
#elif defined(EIGEN_VECTORIZE_NEON) && defined(__ARM_FEATURE_DOTPROD)
using Native = NEONDotProduct;
#elif defined(EIGEN_VECTORIZE_NEON)
using Native = NEON;
#else
using Native = Other;
#endif

/// An instruction set whose exp, tanh and sigmoid of float call the standard library lane by lane: exact to its
/// bounds, several times slower. Selected by `EigenBackend<float, simd::Exact<>>`.
template <class Level = Native>
struct Exact {
    static constexpr std::string_view name = Level::name;
};

} // namespace rondo::simd
