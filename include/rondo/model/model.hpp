// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../initial/default.hpp"
#include "default_backend.hpp"
#include "parameter_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The parameters of these tensors, drawn from `initial`.
template <class S, class Initial>
std::vector<S> initial_values(std::span<const ParameterSpec> tensors, std::size_t size, Seed seed,
                              const Initial& initial) {
    std::vector<S> host(size);
    for (std::size_t k = 0; k < tensors.size(); ++k)
        if (const ParameterSpec& t = tensors[k]; t.role == ParameterSpec::Role::constant || !t.trained())
            for (std::size_t n = 0; n < t.size(); ++n) {
                const RandomStream numbers{seed, Purpose::initial, 0, std::uint32_t(k) - std::uint32_t(t.drawn_with)};
                host[t.offset + n] = S(t.drawn ? t.drawn(uniform(numbers.wide(n))) : t.initial);
            }
        else if (!is_tied(tensors, k))
            initial.template draw<S>(t, {seed, Purpose::initial, 0, std::uint32_t(k)}, host.data() + t.offset);
    return host;
}
}

/// A network's parameters: one flat, aligned buffer. A regular value; a const Model may be used by any number of
/// threads.
///
/// Memory  the buffer, allocated by the constructor.
template <class Net, Backend B>
class Model : public detail::ParameterBuffer<B> {
public:
    using network = Net;
    using backend = B;
    using scalar = typename B::scalar;
    static constexpr std::size_t parameters = parameter_count<Net>, size = buffer_size<Net>;

    /// Every parameter zero.
    Model() : detail::ParameterBuffer<B>{size} {}

    /// Random parameters, by default from the distributions that PyTorch uses; `initial` selects others.
    template <class Initial = Default>
    explicit Model(Seed seed, const Initial& initial = {})
        : detail::ParameterBuffer<B>{detail::initial_values<scalar>(Net::tensors, size, seed, initial)} {}
    bool operator==(const Model&) const = default;

    /// model.tensor<"lstm.weight_ih_l0">(): a view of one tensor in the backend's matrix type, with constant extents;
    /// only for backends whose memory the host can access.
    template <Text name>
    auto tensor()
        requires OnHost<B>
    {
        constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
        return B::template map<t.rows, t.columns>(this->data() + t.offset);
    }
    template <Text name>
    auto tensor() const
        requires OnHost<B>
    {
        constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
        return B::template map<t.rows, t.columns>(this->data() + t.offset);
    }
};

} // namespace rondo
