// SPDX-License-Identifier: MIT
#pragma once

#include "../network/model.hpp"

#include <utility>

namespace rondo {

/// A model's weights as streams read them: made once, const, shared by any number of streams in any threads. It must
/// outlive them.
///
/// Memory  one copy of the parameters, taken when it is made; repack after further training takes none.
template <class Net, Backend B = EigenBackend<float>>
class Packed {
public:
    using network = Net;

    explicit Packed(const Model<Net, B>& model) : model_{model} {}
    void repack(const Model<Net, B>& model) { model_ = model; }
    const Model<Net, B>& weights() const { return model_; }

private:
    Model<Net, B> model_;
};
template <class Net, Backend B>
Packed(const Model<Net, B>&) -> Packed<Net, B>;

} // namespace rondo
