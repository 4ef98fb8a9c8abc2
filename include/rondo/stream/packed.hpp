// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../model/int8_parameters.hpp"
#include "../model/model.hpp"
#include "../model/workspace.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A model's weights in the order in which a step reads them: packed once, const, shared by any number of streams in
/// any threads. It must outlive the streams.
///
/// W is the type in which weights are stored: the backend's scalar, bfloat16 (half the memory, and up to twice the
/// speed if the weights exceed the caches; sums and states stay in the scalar type; embeddings are not converted), or
/// std::int8_t with a backend of float (a quarter of the memory, two to three times the speed of float from 64 units
/// on). With int8 each row of a matrix has a scale; what it is multiplied by is quantized in each step, states of
/// LSTM, GRU and RNN over [-1, 1], other vectors over their largest magnitude; cells and states stay in float.
///
/// Units   with bfloat16 each weight has a relative rounding error of at most 2^-8; with int8 one of at most 1/254 of
///         the largest in its row, and inputs and states one of 1/254 of their range. Matrices of less than 4 rows or 5
///         columns, biases, and layers without kernels stay in float.
/// Memory  `size` bytes, allocated by the constructor, or memory of the caller, aligned to 64 bytes, which must outlive
///         this; repack allocates nothing. The constructor from parameters in the order of a Model's buffer, aligned to
///         64 bytes (`rondo embed` writes such an array), allocates nothing.
/// Errors  memory of the caller that is too small or not aligned.
template <class Net, Backend B = EigenBackend<float>, class W = typename B::scalar>
    requires requires { typename B::template kernels<W>; } // a backend with kernels of one step, for weights of type W
class Packed {
public:
    using network = Net;
    using kernels = typename B::template kernels<W>;
    using parameters = std::span<const typename B::scalar, buffer_size<Net>>;
    static constexpr std::size_t size = detail::packed_size<Net, kernels>;

    explicit Packed(const Model<Net, B>& model) : own_(size), bytes_{own_.data()} { repack(model); }
    Packed(const Model<Net, B>& model, std::span<std::byte> memory) : bytes_{usable(memory)} { repack(model); }
    Packed(parameters all, std::span<std::byte> memory) : bytes_{usable(memory)} { repack(all); }
    /// From the arrays that `rondo embed --int8` writes.
    explicit Packed(const Int8Parameters<Net>& all) : own_(size), bytes_{own_.data()} { repack(all); }
    Packed(const Int8Parameters<Net>& all, std::span<std::byte> memory) : bytes_{usable(memory)} { repack(all); }
    Packed(const Packed&) = delete; // streams point to it
    Packed& operator=(const Packed&) = delete;

    void repack(const Model<Net, B>& model) { repack(parameters{model.data(), model.size}); }
    void repack(parameters all) {
        const auto tensor = [&](std::size_t k) { return detail::NormalWeights{all.data() + detail::offsets<Net>[k]}; };
        detail::pack<Net, kernels>(tensor, 0, bytes_);
    }
    void repack(const Int8Parameters<Net>& all) { detail::pack<Net, kernels>(all, 0, bytes_); }
    const std::byte* data() const noexcept { return bytes_; }

private:
    static std::byte* usable(std::span<std::byte> memory) {
        if (memory.size() < size || reinterpret_cast<std::size_t>(memory.data()) % 64 != 0)
            fail(Error::Kind::argument, "rondo::Packed: expected " + std::to_string(size) +
                                            " bytes, aligned to 64, got " + std::to_string(memory.size()) +
                                            (memory.size() < size ? "" : " that are not aligned"));
        return memory.data();
    }

    Buffer<std::byte> own_;
    std::byte* bytes_;
};
template <class Net, Backend B>
Packed(const Model<Net, B>&) -> Packed<Net, B>;

} // namespace rondo
