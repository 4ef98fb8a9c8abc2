// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../initial/default.hpp"
#include "default_backend.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A network's parameters: one flat, aligned buffer. A regular value; a const Model may be used by any number of
/// threads.
///
/// Memory  the buffer, allocated by the constructor.
template <class Net, Backend B>
class Model {
public:
    using network = Net;
    using backend = B;
    using scalar = typename B::scalar;
    static constexpr std::size_t parameters = parameter_count<Net>, size = buffer_size<Net>;

    /// Every parameter zero.
    Model() { assign(std::vector<scalar>(size)); }

    /// Random parameters, by default from the distributions that PyTorch uses; `initial` selects others.
    template <class Initial = Default>
    explicit Model(Seed seed, const Initial& initial = {}) {
        std::vector<scalar> host(size);
        for (std::size_t k = 0; k < Net::tensors.size(); ++k)
            if (!is_tied(Net::tensors, k))
                initial.template draw<scalar>(Net::tensors[k], {seed, Purpose::initial, 0, std::uint32_t(k)},
                                              host.data() + Net::tensors[k].offset);
        assign(host);
    }
    bool operator==(const Model&) const = default;

    scalar* data() { return B::data(buffer_); }
    const scalar* data() const { return B::data(buffer_); }

    /// model.tensor<"lstm.weight_ih_l0">(): a view of one tensor in the backend's matrix type, with constant extents;
    /// only for backends whose memory the host can access.
    template <Text name>
    auto tensor()
        requires OnHost<B>
    {
        constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
        return B::template map<t.rows, t.columns>(data() + t.offset);
    }
    template <Text name>
    auto tensor() const
        requires OnHost<B>
    {
        constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
        return B::template map<t.rows, t.columns>(data() + t.offset);
    }

    /// Copies all parameters to the host, padding included.
    std::vector<scalar> values() const {
        std::vector<scalar> host(size);
        B::download(host.data(), data(), size);
        return host;
    }
    /// Copies all parameters from the host.
    ///
    /// Errors  a vector of another size.
    void assign(const std::vector<scalar>& host) {
        if (host.size() != size)
            fail(Error::Kind::argument,
                 "rondo::Model: expected " + std::to_string(size) + " numbers, got " + std::to_string(host.size()));
        B::upload(buffer_, host.data(), size);
    }

private:
    typename B::template buffer<scalar> buffer_;
};

} // namespace rondo
