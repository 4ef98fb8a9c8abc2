// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A contiguous range of numbers.
template <class Values>
concept Reals =
    requires(Values& values) { requires std::floating_point<typename decltype(std::span{values})::value_type>; };

/// A shift and a scale for each feature, fitted to some values and applied to any.
///
///   y = (x - shift) / scale,   x = y scale + shift                            (1)
///   standard: shift = mean of the values, scale = their standard deviation, sqrt(sum (x - mean)^2 / n)
///   min_max:  shift = the least, scale = the greatest - the least, which maps the values to [0, 1]
///
/// A constant feature has scale 1. Computed in double.
///
/// Shapes  values (features x rows), features innermost, as in a SequenceView; apply and invert change them in place.
/// Errors  features below 1; no values to fit to, or one that is not finite; a number of values that is not a multiple
///         of the features; a difference between values (standard: its square) that overflows double; an index of a
///         feature that does not exist.
/// Source  scikit-learn's StandardScaler and MinMaxScaler.
class Scaler {
public:
    static Scaler standard(const Reals auto& values, int features) {
        const std::span all{values};
        Scaler s = bounds(all, features);
        const std::size_t row = s.shift_.size();
        const double rows = double(all.size() / row);
        std::vector<double> sum(row), squares(row);
        for (std::size_t k = 0; k < all.size(); ++k) sum[k % row] += double(all[k]);
        for (std::size_t k = 0; k < row; ++k) // the mean of a constant feature is that constant, without rounding
            s.shift_[k] = std::clamp(sum[k] / rows, s.shift_[k], s.scale_[k]);
        for (std::size_t k = 0; k < all.size(); ++k) {
            const double distance = double(all[k]) - s.shift_[k % row];
            squares[k % row] += distance * distance;
        }
        for (std::size_t k = 0; k < row; ++k) s.scale_[k] = std::sqrt(squares[k] / rows);
        return s.usable();
    }
    static Scaler min_max(const Reals auto& values, int features) {
        Scaler s = bounds(std::span{values}, features);
        for (std::size_t k = 0; k < s.scale_.size(); ++k) s.scale_[k] -= s.shift_[k];
        return s.usable();
    }

    int features() const noexcept { return int(shift_.size()); }
    const std::vector<double>& shift() const noexcept { return shift_; }
    const std::vector<double>& scale() const noexcept { return scale_; }

    double apply(double x, int feature) const { return (x - shift_[at(feature)]) / scale_[at(feature)]; }
    double invert(double y, int feature) const { return y * scale_[at(feature)] + shift_[at(feature)]; }
    void apply(Reals auto&& values) const {
        change(std::span{values}, [this](double x, int feature) { return apply(x, feature); });
    }
    void invert(Reals auto&& values) const {
        change(std::span{values}, [this](double y, int feature) { return invert(y, feature); });
    }

    bool operator==(const Scaler&) const = default;

private:
    Scaler() = default;

    /// The minimum of each feature in shift, the maximum in scale.
    static Scaler bounds(auto values, int features) {
        if (features < 1)
            fail(Error::Kind::argument, "rondo::Scaler: features: expected 1 or more, got " + std::to_string(features));
        const std::size_t row = std::size_t(features);
        check_rows(values.size(), row, 1);
        Scaler s;
        s.shift_.assign(values.begin(), values.begin() + features);
        s.scale_ = s.shift_;
        for (std::size_t k = 0; k < values.size(); ++k) {
            const double x = double(values[k]);
            if (!std::isfinite(x))
                fail(Error::Kind::argument, "rondo::Scaler: value " + std::to_string(k) +
                                                ": expected a finite number, got " + std::to_string(x));
            s.shift_[k % row] = (std::min)(s.shift_[k % row], x);
            s.scale_[k % row] = (std::max)(s.scale_[k % row], x);
        }
        return s;
    }
    static void check_rows(std::size_t size, std::size_t row, std::size_t least) {
        if (size % row != 0 || size / row < least)
            fail(Error::Kind::argument, "rondo::Scaler: expected " +
                                            std::string{least > 0 ? "one row or more" : "rows"} + " of " +
                                            std::to_string(row) + " numbers, got " + std::to_string(size) + " numbers");
    }
    Scaler usable() {
        for (std::size_t k = 0; k < scale_.size(); ++k) {
            if (!std::isfinite(scale_[k]))
                fail(Error::Kind::argument,
                     "rondo::Scaler: feature " + std::to_string(k) + ": its values are too far apart for double");
            if (scale_[k] == 0) scale_[k] = 1;
        }
        return *this;
    }
    std::size_t at(int feature) const {
        if (feature < 0 || feature >= features())
            fail(Error::Kind::argument, "rondo::Scaler: expected a feature from 0 to " +
                                            std::to_string(features() - 1) + ", got " + std::to_string(feature));
        return std::size_t(feature);
    }
    template <class S, std::size_t size>
    void change(std::span<S, size> values, auto f) const {
        check_rows(values.size(), shift_.size(), 0);
        for (std::size_t k = 0; k < values.size(); ++k) values[k] = S(f(double(values[k]), int(k % shift_.size())));
    }

    std::vector<double> shift_, scale_;
};

} // namespace rondo
