// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../initial/default.hpp"
#include "fwd.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A network's parameters: one flat, aligned buffer. A regular value; const, it serves any number of threads.
///
/// Memory  the buffer, taken when it is made.
template <class Net, Backend B>
class Model {
public:
    using network = Net;
    using backend = B;
    using scalar = typename B::scalar;
    static constexpr std::size_t parameters = parameter_count<Net>, size = buffer_size<Net>;

    /// Every parameter zero.
    Model() { assign(std::vector<scalar>(size)); }

    /// Parameters as PyTorch draws them by default; other ways are told by `initial`.
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

    /// model.tensor<"lstm.weight_ih_l0">(): as the backend shows a tensor, its extents part of the type; only where the
    /// host may touch the backend's memory.
    template <Text name>
    auto tensor() requires OnHost<B> {
        constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
        return B::template map<t.rows, t.columns>(data() + t.offset);
    }
    template <Text name>
    auto tensor() const requires OnHost<B> {
        constexpr const ParameterSpec& t = Net::tensors[tensor_index<Net, name>];
        return B::template map<t.rows, t.columns>(data() + t.offset);
    }

    /// All numbers, padding included, to and from the host.
    std::vector<scalar> values() const {
        std::vector<scalar> host(size);
        B::download(host.data(), data(), size);
        return host;
    }
    /// Errors  another number of them.
    void assign(const std::vector<scalar>& host) {
        if (host.size() != size)
            fail(Error::Kind::argument, "rondo::Model: expected " + std::to_string(size) + " numbers, got " +
                                            std::to_string(host.size()));
        B::upload(buffer_, host.data(), size);
    }

private:
    typename B::template buffer<scalar> buffer_;
};

} // namespace rondo
