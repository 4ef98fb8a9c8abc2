// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/parameter_spec.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The largest allowed difference from PyTorch: |got - expected| / max(1, |expected|).
template <class S> inline constexpr double tolerance = 1e-11;
template <> inline constexpr double tolerance<float> = 1e-5;

/// PyTorch's results for one case: the tensors <name>/... of test/golden/<file>.safetensors, see README.md there.
///
/// Errors  a case or tensor that does not exist throws; expect and expect_gradients fail the test.
class Golden {
public:
    struct Numbers {
        std::vector<std::size_t> shape;
        std::vector<double> values;
    };

    Golden(std::string_view file, std::string_view name);

    /// The names that begin with `prefix`, without the prefix.
    std::vector<std::string> names(std::string_view prefix = "") const;
    bool has(std::string_view name) const;
    const Numbers& operator[](std::string_view name) const;
    int extent(std::string_view name, std::size_t axis) const { return int((*this)[name].shape.at(axis)); }

    template <class S>
    std::vector<S> get(std::string_view name) const {
        std::vector<S> all;
        for (const double value : (*this)[name].values) all.push_back(S(value));
        return all;
    }
    template <class S>
    void copy(std::string_view name, S* to) const {
        std::ranges::copy(get<S>(name), to);
    }
    /// A model's buffer, from the tensors parameters/<name>.
    template <class S>
    std::vector<S> parameters(std::span<const rondo::ParameterSpec> tensors) const;

    /// Expects `got` to be `times` the tensor of that name.
    template <class S>
    void expect(std::string_view name, const S* got, double times = 1) const;
    template <class S>
    void expect(std::string_view name, const std::vector<S>& got, double times = 1) const;
    /// Expects a gradient's buffer to be `times` the tensors grad/<name>, and zero between them.
    template <class S>
    void expect_gradients(std::span<const rondo::ParameterSpec> tensors, const std::vector<S>& got,
                          double times = 1) const;

    /// The same of numbers that a float or a double holds.
    void expect(std::string_view name, const std::vector<double>& got, bool is_float, double times) const {
        if (is_float) expect(name, std::vector<float>(got.begin(), got.end()), times);
        else expect(name, got, times);
    }
    void expect_gradients(std::span<const rondo::ParameterSpec> tensors, const std::vector<double>& got, bool is_float,
                          double times) const {
        if (is_float) expect_gradients(tensors, std::vector<float>(got.begin(), got.end()), times);
        else expect_gradients(tensors, got, times);
    }

private:
    std::string file_, name_;
};
