// SPDX-License-Identifier: MIT
// Any bytes are read or refused, in memory of a bounded size; what was read is a chain of whole layers. Every file that
// a model names for tensors is the model itself.
#include <rondo/io/onnx.hpp>

#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace {

using namespace rondo;

std::size_t taken = 0, peak = 0; // bytes

void require(bool law) {
    if (!law) std::abort();
}

void on_take(const volatile void*, std::size_t size) { peak = std::max(peak, taken += size); }
void on_give_back(const volatile void* memory) { taken -= __sanitizer_get_allocated_size(memory); }

/// The tensors that the facts ask for, each with all its numbers.
void check(const io::LayerWeights& layer) {
    const LayerFacts& facts = layer.facts;
    const auto in = std::size_t(facts.input), out = std::size_t(facts.output),
               directions = std::size_t(facts.directions);
    require(facts.input > 0 && facts.output > 0);
    std::size_t k = 0;
    const auto next = [&](std::size_t rows, std::size_t columns) {
        require(k < layer.arrays.size());
        const io::Array& array = layer.arrays[k++];
        require(array.rows == rows && array.columns == columns && array.values.size() == rows * columns);
    };
    if (is_recurrent(facts.kind)) {
        const std::size_t rows = std::size_t(gates_of(facts)) * out;
        for (std::size_t d = 0; d < directions; ++d) {
            next(rows, in);
            next(rows, out);
            if (facts.bias) {
                next(rows, 1);
                next(rows, 1);
            }
            if (facts.variant.peepholes) next(std::size_t(per_unit_of(facts)) * out, 1);
        }
        require(layer.first.empty() || layer.first.size() == std::size_t(components_of(facts.kind)) * directions * out);
    } else if (facts.kind == LayerKind::Linear) {
        next(out, in);
        if (facts.bias) next(out, 1);
    } else if (facts.kind == LayerKind::Embedding) {
        next(in, out);
    } else if (facts.kind == LayerKind::Conv1d) {
        next(out, in / std::size_t(facts.plan.groups) * std::size_t(facts.plan.kernel));
        if (facts.bias) next(out, 1);
    } else if (facts.kind == LayerKind::PReLU) {
        next(std::size_t(facts.count), 1);
    } else if (is_norm(facts.kind)) {
        for (std::size_t n = 0; n < rondo::detail::scales_of(facts); ++n) next(out, 1);
        if (facts.kind == LayerKind::BatchNorm1d)
            for (const std::size_t rows : {out, out, std::size_t(1)}) next(rows, 1);
    }
    require(k == layer.arrays.size());
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    require(__sanitizer_install_malloc_and_free_hooks(on_take, on_give_back) != 0);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = std::as_bytes(std::span{data, size});
    std::size_t files = 1;
    const auto external = [&](std::string_view) {
        ++files;
        return file;
    };
    const io::OnnxOptions options{.convert = size % 2 == 0, .external = external};
    taken = peak = 0;
    Error error;
    const io::ModelWeights weights = io::read_onnx(file, options, error);
    require(peak <= 64 * size * files + 65536);
    require(!error || error.kind == Error::Kind::format || error.kind == Error::Kind::not_finite);
    require(weights.layers.empty() == bool(error));
    int features = 0;
    for (const io::LayerWeights& layer : weights.layers) {
        check(layer);
        require(features == 0 || layer.facts.input == features);
        features = layer.facts.output * layer.facts.directions;
    }
    return 0;
}
