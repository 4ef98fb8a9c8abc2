// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/ratio.hpp"
#include "functions.hpp"

/// Elementwise functions y = f(x) and their derivatives, as functions of y, or of x and y if y does not determine them.
namespace rondo::inline RONDO_VERSION_NAMESPACE::activation {

struct ReLU {
    static constexpr const char* name = "ReLU";
    static constexpr LayerKind kind = LayerKind::ReLU;
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return (math::max)(P(0), x); } // NaN stays NaN
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) { return math::select(y <= P(0), P(0), P(1)); }
};
struct Tanh {
    static constexpr const char* name = "Tanh";
    static constexpr LayerKind kind = LayerKind::Tanh;
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return math::tanh(x); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) { return P(1) - y * y; }
};
struct Sigmoid {
    static constexpr const char* name = "Sigmoid";
    static constexpr LayerKind kind = LayerKind::Sigmoid;
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return math::sigmoid(x); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) { return y * (P(1) - y); }
};

/// x for x > 0, else a x
template <Ratio a>
    requires (a.valid() && a.numerator >= 0)
struct LeakyReLU {
    static constexpr LayerKind kind = LayerKind::LeakyReLU;
    static constexpr Ratio options[2]{a, {}};
    static constexpr Label describe() {
        Label label{"LeakyReLU "};
        return a.describe(label);
    }
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return math::select(x <= P(0), math::constant<P>(a.value()) * x, x);
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        return math::select(y <= P(0), math::constant<P>(a.value()), P(1));
    }
};
/// x for x > 0, else a (exp(x) - 1)
template <Ratio a>
    requires (a.valid() && a.numerator >= 0)
struct ELU {
    static constexpr LayerKind kind = LayerKind::ELU;
    static constexpr Ratio options[2]{a, {}};
    static constexpr Label describe() {
        Label label{"ELU "};
        return a.describe(label);
    }
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return math::select(x <= P(0), math::constant<P>(a.value()) * (math::exp(x) - P(1)), x);
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        return math::select(y <= P(0), y + math::constant<P>(a.value()), P(1));
    }
};
/// x Phi(x), with the distribution function Phi of the standard normal distribution
struct GELU {
    static constexpr LayerKind kind = LayerKind::GELU;
    static constexpr const char* name = "GELU";
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return x * phi(x); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P x, P) {
        return phi(x) +
               x * math::constant<P>(0.3989422804014327) * math::exp(math::constant<P>(-0.5) * x * x); // 1 / sqrt(2 pi)
    }

private:
    template <class P> RONDO_HOST_DEVICE static P phi(P x) {
        return math::constant<P>(0.5) * (P(1) + math::erf(x * math::constant<P>(0.7071067811865476))); // 1 / sqrt(2)
    }
};
/// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
struct TanhGELU {
    static constexpr LayerKind kind = LayerKind::TanhGELU;
    static constexpr const char* name = "GELU, tanh";
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return math::constant<P>(0.5) * x * (P(1) + inner(x)); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P x, P) {
        const P t = inner(x),
                rise = math::constant<P>(0.7978845608028654) * (P(1) + math::constant<P>(3 * 0.044715) * x * x);
        return math::constant<P>(0.5) * (P(1) + t + x * (P(1) - t * t) * rise);
    }

private:
    template <class P> RONDO_HOST_DEVICE static P inner(P x) {
        return math::tanh(math::constant<P>(0.7978845608028654) *
                          (x + math::constant<P>(0.044715) * x * x * x)); // sqrt(2 / pi)
    }
};
/// x / (1 + exp(-x))
struct SiLU {
    static constexpr LayerKind kind = LayerKind::SiLU;
    static constexpr const char* name = "SiLU";
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return x * math::sigmoid(x); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P x, P) {
        const P s = math::sigmoid(x);
        return s + x * s * (P(1) - s);
    }
};
/// a x + b, clamped to [0, 1]
template <Ratio a, Ratio b>
    requires (a.valid() && b.valid())
struct Hardsigmoid {
    static constexpr LayerKind kind = LayerKind::Hardsigmoid;
    static constexpr Ratio options[2]{a, b};
    static constexpr const char* name = "Hardsigmoid";
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return (math::min)(P(1), (math::max)(P(0), math::constant<P>(a.value()) * x +
                                                       math::constant<P>(b.value()))); // NaN stays NaN
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        return math::select(y <= P(0), P(0), math::select(P(1) <= y, P(0), math::constant<P>(a.value())));
    }
};
/// x, clamped to [least, most], one of which may be infinite
template <Ratio least, Ratio most>
    requires ((least.valid() || least == Ratio::infinity(-1)) && (most.valid() || most == Ratio::infinity()) &&
              (least.valid() || most.valid()) && least.value() < most.value())
struct Hardtanh {
    static constexpr LayerKind kind =
        least.value() == 0 && most == Ratio::infinity() ? LayerKind::ReLU : LayerKind::Hardtanh;
    static constexpr Ratio options[2]{least, most};
    static constexpr const char* name = "Hardtanh";
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return (math::min)(math::constant<P>(most.value()),
                           (math::max)(math::constant<P>(least.value()), x)); // NaN stays NaN
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        return math::select(y <= math::constant<P>(least.value()), P(0),
                            math::select(math::constant<P>(most.value()) <= y, P(0), P(1)));
    }
};
/// x for x > a, else 0
template <Ratio a>
    requires (a.valid())
struct Threshold {
    static constexpr LayerKind kind = LayerKind::Threshold;
    static constexpr Ratio options[2]{a, {}};
    static constexpr Label describe() {
        Label label{"Threshold "};
        return a.describe(label);
    }
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return math::select(x <= math::constant<P>(a.value()), P(0), x); // NaN stays NaN
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P x, P) {
        return math::select(x <= math::constant<P>(a.value()), P(0), P(1));
    }
    template <class P>
        requires (a.numerator >= 0)
    RONDO_HOST_DEVICE static P gradient(P y) {
        return math::select(y <= P(0), P(0), P(1));
    }
};
/// a x + b
template <Ratio a, Ratio b>
    requires (a.valid() && b.valid())
struct Affine {
    static constexpr const char* name = "Affine";
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return math::constant<P>(a.value()) * x + math::constant<P>(b.value());
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P) { return math::constant<P>(a.value()); }
};
/// a tanh(b x)
template <Ratio a, Ratio b>
    requires (a.valid() && b.valid() && a.numerator != 0)
struct ScaledTanh {
    static constexpr const char* name = "ScaledTanh";
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return math::constant<P>(a.value()) * math::tanh(math::constant<P>(b.value()) * x);
    }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        return math::constant<P>(b.value()) * (math::constant<P>(a.value()) - y * y * math::constant<P>(1 / a.value()));
    }
};
/// x / (1 + |x|)
struct Softsign {
    static constexpr LayerKind kind = LayerKind::Softsign;
    static constexpr const char* name = "Softsign";
    template <class P> RONDO_HOST_DEVICE static P value(P x) { return x / (P(1) + (math::max)(x, -x)); }
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        const P left = P(1) - (math::max)(y, -y);
        return left * left;
    }
};
/// log(1 + exp(x)), which does not overflow
struct Softplus {
    static constexpr LayerKind kind = LayerKind::Softplus;
    static constexpr const char* name = "Softplus";
    template <class P> RONDO_HOST_DEVICE static P value(P x) {
        return (math::max)(P(0), x) + math::log1p(math::exp((math::min)(x, -x))); // NaN stays NaN
    }
    /// 1 - exp(-y), also for small y.
    template <class P> RONDO_HOST_DEVICE static P gradient(P y) {
        const P half = math::tanh(y * math::constant<P>(0.5));
        return (half + half) / (P(1) + half);
    }
};

} // namespace rondo::activation
