// SPDX-License-Identifier: MIT
// Any text is read as a state_dict or refused; what was read is given to a model or refused.
#include <rondo/io/state_dict.hpp>

#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>

#include "weights.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace rondo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Error error;
    const io::StateDict dict = io::parse_state_dict({reinterpret_cast<const char*>(data), size}, error);
    if (error) {
        require(error.kind == Error::Kind::format || error.kind == Error::Kind::not_finite);
        require(dict.tensors.empty());
        return 0;
    }
    for (const io::NamedArray& array : dict.tensors) {
        std::size_t count = 1;
        for (const std::size_t length : array.shape) count *= length;
        require(count == array.values.size() && all_finite(array.values) && dict.find(array.name) == &array);
    }
    Model<Sequential<Named<"a", GRU<1, 1>>, Named<"b", Linear<1, 1>>>> model, before;
    load(model, dict, error);
    require(!error || (model == before && error.kind != Error::Kind::format));
    return 0;
}
