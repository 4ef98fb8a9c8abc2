// SPDX-License-Identifier: MIT
// Any bytes are read or refused; what was read is written, and read again as the same.
#include <rondo/io/safetensors.hpp>
#include <rondo/io/safetensors_write.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

using namespace rondo;

void require(bool law) {
    if (!law) std::abort();
}

io::Bytes rewrite(const io::Safetensors& file) {
    std::vector<io::TensorData> tensors;
    for (const auto& info : file.tensors()) tensors.push_back({info.name, info.dtype, info.shape, file.bytes(info)});
    Error error;
    io::Bytes bytes = io::safetensors_bytes(tensors, file.metadata(), {}, error);
    require(!error);
    return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Error error;
    const io::Safetensors first{std::as_bytes(std::span{data, size}), {}, error};
    if (error) {
        require(error.kind == Error::Kind::format && first.tensors().empty() && first.metadata().empty());
        return 0;
    }

    const io::Bytes bytes = rewrite(first);
    const io::Safetensors second{bytes, {}, error};
    require(!error && first.metadata() == second.metadata() && first.tensors().size() == second.tensors().size());
    for (const auto& info : first.tensors()) {
        const io::TensorInfo* same = second.find(info.name);
        require(first.find(info.name) == &info && same != nullptr);
        require(same->dtype == info.dtype && same->shape == info.shape);
        require(std::ranges::equal(second.bytes(*same), first.bytes(info)));
    }
    require(std::ranges::equal(rewrite(second), bytes));
    return 0;
}
