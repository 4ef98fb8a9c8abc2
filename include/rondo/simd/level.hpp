// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <Eigen/Core>

#include <string_view>

/// What a processor's packed instructions are, as types. Everything that is compiled for one carries it in its type, so
/// that translation units built for different processors link into one program and each runs its own code.
namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

struct Scalar { static constexpr std::string_view name = "scalar"; };
struct SSE { static constexpr std::string_view name = "SSE"; };
struct AVX { static constexpr std::string_view name = "AVX"; };
struct AVX2 { static constexpr std::string_view name = "AVX2"; }; // with fused operations
struct AVX512 { static constexpr std::string_view name = "AVX-512"; };
struct NEON { static constexpr std::string_view name = "NEON"; };
struct Other { static constexpr std::string_view name = "other"; };

/// What this translation unit is built for.
#if !defined(EIGEN_VECTORIZE)
using Native = Scalar;
#elif defined(EIGEN_VECTORIZE_AVX512)
using Native = AVX512;
#elif defined(EIGEN_VECTORIZE_AVX2) && defined(EIGEN_VECTORIZE_FMA)
using Native = AVX2;
#elif defined(EIGEN_VECTORIZE_AVX)
using Native = AVX;
#elif defined(EIGEN_VECTORIZE_SSE)
using Native = SSE;
#elif defined(EIGEN_VECTORIZE_NEON)
using Native = NEON;
#else
using Native = Other;
#endif

/// A level's instructions, with tanh and sigmoid of float as exact as the standard library's, lane by lane: several
/// times slower. `EigenBackend<float, simd::Exact<>>` computes with them, wherever Rondo does.
template <class Level = Native>
struct Exact {
    static constexpr std::string_view name = Level::name;
};

} // namespace rondo::simd
