// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../../core/host_device.hpp"
#include "finite_check.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

template <class F>
struct GuardedLoop {
    F f;
    const StepRecord* record;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        if (record->bad == 0) f.template run<L>(k);
    }
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        if (record->bad == 0) f.template run<L>(column, unit);
    }
};
template <class S>
struct FillNumber {
    S* p;
    S value;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        p[k] = value;
    }
};
template <class S>
struct CopyNumber {
    S* to;
    const S* from;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        to[k] = from[k];
    }
};

/// The backend that an optimizer uses in asynchronous steps: once a pending step was not finite, it writes nothing.
template <class B>
class NonFiniteGuard {
public:
    using scalar = typename B::scalar;

    NonFiniteGuard(B& backend, const StepRecord* record) : backend_{&backend}, record_{record} {}

    template <class Element>
    void elements(const Element& element, std::size_t n) {
        backend_->elements(GuardedLoop<Element>{element, record_}, n);
    }
    template <class Column>
    void columns(const Column& column, std::size_t n) {
        backend_->columns(GuardedLoop<Column>{column, record_}, n);
    }
    template <int H, class Unit>
    void units(const Unit& unit, std::size_t n) {
        backend_->template units<H>(GuardedLoop<Unit>{unit, record_}, n);
    }
    void fill(scalar* p, std::size_t n, scalar value) { columns(FillNumber<scalar>{p, value}, n); }
    void copy(scalar* to, const scalar* from, std::size_t n) { columns(CopyNumber<scalar>{to, from}, n); }
    double sum(const scalar* p, std::size_t n) { return backend_->sum(p, n); } // synchronizes
    double sum_of_squares(const scalar* p, std::size_t n) { return backend_->sum_of_squares(p, n); }

private:
    B* backend_;
    const StepRecord* record_;
};

} // namespace rondo::detail
