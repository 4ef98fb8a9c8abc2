// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/view.hpp>

#include <cstddef>
#include <type_traits>
#include <vector>

// Copies between the host and a backend's memory.

template <class B, class T>
auto on_device(const std::vector<T>& host) {
    typename B::template buffer<T> buffer;
    buffer.assign(host.data(), host.data() + host.size());
    return buffer;
}
template <class B, class T>
auto on_host(T* device, std::size_t n) {
    std::vector<std::remove_const_t<T>> host(n);
    B::download(host.data(), static_cast<const T*>(device), n);
    return host;
}
/// The values of a result.
template <class B>
auto values_of(const auto& y) {
    return on_host<B>(y.value, y.size());
}
template <class B, class S>
void copy_to_device(B& backend, S* to, const std::vector<S>& host) {
    const auto from = on_device<B>(host);
    backend.copy(to, B::data(from), host.size());
}

/// A sequence in a backend's memory, with gradients that are initially zero. Its lengths stay with their owner on the
/// host.
template <class B, class T, int Rows>
struct DeviceSequence {
    typename B::template buffer<T> value, gradient;
    rondo::Extent extent;

    DeviceSequence(const std::vector<T>& host, const rondo::Extent& e)
        : value{on_device<B>(host)}, gradient{on_device<B>(std::vector<T>(host.size()))}, extent{e} {}

    rondo::SequenceView<T, Rows> view() { return {B::data(value), B::data(gradient), extent}; }
    rondo::SequenceView<const T, Rows> input() const { return {B::data(value), nullptr, extent}; }
    std::vector<T> gradients() const { return on_host<B>(B::data(gradient), gradient.size()); }
};

/// Initial states of a recurrent layer in a backend's memory, one component after the other; if empty, the layer starts
/// from zero.
template <class B, class States>
struct PlacedStates {
    using S = typename B::scalar;
    typename B::template buffer<S> value, gradient;
    int batch;

    PlacedStates(const std::vector<S>& host, int sequences)
        : value{on_device<B>(host)}, gradient{on_device<B>(std::vector<S>(host.size()))}, batch{sequences} {}

    States view() {
        States all{.batch = batch};
        std::size_t at = 0;
        for (int k = 0; k < States::components && !value.empty(); at += all.size(k++)) {
            all.value[k] = B::data(value) + at;
            all.gradient[k] = B::data(gradient) + at;
        }
        return all;
    }
    std::vector<S> gradients() const { return on_host<B>(B::data(gradient), gradient.size()); }
};
/// Final states, in the order of PlacedStates.
template <class B>
auto final_of(const auto& states) {
    std::vector<typename B::scalar> all;
    for (int k = 0; k < states.components; ++k) {
        const auto one = on_host<B>(states.value[k], states.size(k));
        all.insert(all.end(), one.begin(), one.end());
    }
    return all;
}
template <class B>
void set_gradients(B& backend, const auto& states, const std::vector<typename B::scalar>& host) {
    const auto from = on_device<B>(host);
    std::size_t at = 0;
    for (int k = 0; k < states.components; at += states.size(k++))
        backend.copy(states.gradient[k], B::data(from) + at, states.size(k));
}
