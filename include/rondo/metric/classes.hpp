// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

/// How the numbers of several classes become one: `macro`, the mean over the classes that occur, as targets or as
/// outputs; `micro`, the number of all of their counts together.
enum class Average { macro, micro };

/// For each class, the weights of the targets of that class, of those that the network takes for it, and of both.
///
/// Of targets that are numbers (0 or 1, each with a logit of its own), class k is number k.
struct ClassCounts {
    struct Counts {
        double actual = 0, predicted = 0, both = 0;
        double precision() const { return predicted > 0 ? both / predicted : 0; }
        double recall() const { return actual > 0 ? both / actual : 0; }
        double f1() const { return actual + predicted > 0 ? 2 * both / (actual + predicted) : 0; }
        bool occurs() const { return actual > 0 || predicted > 0; }
    };
    std::vector<Counts> of{};

    void clear() { of.clear(); }
    template <class S>
    void add(const Column<S, int>& c, int ignore) {
        if (c.target[0] == ignore) return;
        of.resize((std::max)(of.size(), c.y.size()));
        const auto actual = std::size_t(c.target[0]),
                   predicted = std::size_t(std::max_element(c.y.begin(), c.y.end()) - c.y.begin());
        of[actual].actual += c.weight;
        of[predicted].predicted += c.weight;
        if (actual == predicted) of[actual].both += c.weight;
    }
    template <class S>
    void add(const Column<S, S>& c, int) {
        of.resize((std::max)(of.size(), c.target.size()));
        for (std::size_t k = 0; k < c.target.size(); ++k) {
            if (c.target[k] != c.target[k]) continue; // NaN: no target
            const bool actual = c.target[k] > S(0.5), predicted = c.y[k] > 0;
            of[k].actual += actual * c.weight;
            of[k].predicted += predicted * c.weight;
            of[k].both += (actual && predicted) * c.weight;
        }
    }
    /// The average of number(Counts).
    template <class Number>
    double average(Average kind, const Number& number) const {
        Counts all;
        double sum = 0, classes = 0;
        for (const Counts& c : of) {
            all.actual += c.actual, all.predicted += c.predicted, all.both += c.both;
            if (c.occurs()) sum += number(c), ++classes;
        }
        return kind == Average::micro ? number(all) : classes > 0 ? sum / classes : 0;
    }
};

/// Of the outputs of a class, the fraction whose target it is: both / predicted. 0 for a class that is never predicted.
///
/// As scikit-learn's, whose classes are also those that occur. Targets that are `ignore`, or NaN, do not count.
struct Precision {
    Average average = Average::macro;
    int ignore = -100;
    ClassCounts counts{};

    void clear() { counts.clear(); }
    void add(const auto& column) { counts.add(column, ignore); }
    double value() const {
        return counts.average(average, [](const auto& c) { return c.precision(); });
    }
    static std::string name() { return "precision"; }
};

/// Of the targets of a class, the fraction that the network takes for it: both / actual. 0 for a class without targets
/// that is predicted.
///
/// As scikit-learn's, whose classes are also those that occur. Targets that are `ignore`, or NaN, do not count.
struct Recall {
    Average average = Average::macro;
    int ignore = -100;
    ClassCounts counts{};

    void clear() { counts.clear(); }
    void add(const auto& column) { counts.add(column, ignore); }
    double value() const {
        return counts.average(average, [](const auto& c) { return c.recall(); });
    }
    static std::string name() { return "recall"; }
};

/// The harmonic mean of precision and recall: 2 both / (actual + predicted).
///
/// As scikit-learn's, whose classes are also those that occur. Targets that are `ignore`, or NaN, do not count.
struct F1 {
    Average average = Average::macro;
    int ignore = -100;
    ClassCounts counts{};

    void clear() { counts.clear(); }
    void add(const auto& column) { counts.add(column, ignore); }
    double value() const {
        return counts.average(average, [](const auto& c) { return c.f1(); });
    }
    static std::string name() { return "f1"; }
};

/// The weights of the targets of each class, by the class that the network takes them for. `evaluate` reports no number
/// of it: pass it by reference.
///
/// Targets that are `ignore` do not count.
struct ConfusionMatrix {
    int ignore = -100;
    std::size_t classes = 0;
    std::vector<double> of{}; // (classes x classes), row-major: rows are targets

    void clear() { classes = 0, of.clear(); }
    template <class S>
    void add(const Column<S, int>& c) {
        if (c.target[0] == ignore) return;
        classes = c.y.size();
        of.resize(classes * classes);
        const auto predicted = std::size_t(std::max_element(c.y.begin(), c.y.end()) - c.y.begin());
        of[std::size_t(c.target[0]) * classes + predicted] += c.weight;
    }
    double operator()(std::size_t target, std::size_t predicted) const { return of[target * classes + predicted]; }
};

} // namespace rondo::metric
