// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"
#include "concept.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

/// How the numbers of several classes become one: `macro`, the mean over the classes that occur, as targets or as
/// outputs; `micro`, the number of all of their counts together.
enum class Average { macro, micro };

/// For each class, the weights of the targets of that class (support), of the columns that are predicted as it, and of
/// those that are both.
///
/// Of targets that are numbers (0 or 1, each with a logit of its own), class k is number k.
struct ClassCounts {
    struct Counts {
        double support = 0, predicted = 0, true_positives = 0;
        double precision() const { return predicted > 0 ? true_positives / predicted : 0; }
        double recall() const { return support > 0 ? true_positives / support : 0; }
        double f1() const { return support + predicted > 0 ? 2 * true_positives / (support + predicted) : 0; }
        bool occurs() const { return support > 0 || predicted > 0; }
    };
    std::vector<Counts> of{};

    void clear() { of.clear(); }
    template <class S>
    void add(const Column<S, int>& c, int ignore) {
        if (!is_counted(c, ignore)) return;
        of.resize((std::max)(of.size(), c.y.size()));
        const auto actual = std::size_t(c.target[0]),
                   predicted = std::size_t(std::max_element(c.y.begin(), c.y.end()) - c.y.begin());
        of[actual].support += c.weight;
        of[predicted].predicted += c.weight;
        if (actual == predicted) of[actual].true_positives += c.weight;
    }
    template <class S>
    void add(const Column<S, S>& c, int) {
        of.resize((std::max)(of.size(), c.target.size()));
        for (std::size_t k = 0; k < c.target.size(); ++k) {
            if (c.target[k] != c.target[k]) continue; // NaN: no target
            const bool actual = c.target[k] > S(0.5), predicted = c.y[k] > 0;
            of[k].support += actual * c.weight;
            of[k].predicted += predicted * c.weight;
            of[k].true_positives += (actual && predicted) * c.weight;
        }
    }
    /// The average of number(Counts).
    template <class Number>
    double average(Average kind, const Number& number) const {
        Counts all;
        double sum = 0, classes = 0;
        for (const Counts& c : of) {
            all.support += c.support, all.predicted += c.predicted, all.true_positives += c.true_positives;
            if (c.occurs()) sum += number(c), ++classes;
        }
        return kind == Average::micro ? number(all) : classes > 0 ? sum / classes : 0;
    }
};

/// An average over the classes of a number of their counts: Precision, Recall, F1.
///
/// Of classes, as scikit-learn's, whose classes are also those that occur. Classes that are `ignore`, and numbers that
/// are NaN, do not count.
template <double (ClassCounts::Counts::*number)() const, Text title>
struct ClassAverage {
    Average average = Average::macro;
    int ignore = -100;
    ClassCounts counts{};

    void clear() { counts.clear(); }
    void add(const auto& column) { counts.add(column, ignore); }
    double value() const {
        return counts.average(average, [](const auto& c) { return (c.*number)(); });
    }
    static constexpr bool larger_is_better = true;
    static std::string name() { return std::string{title.view()}; }
};
/// Of the columns that are predicted as a class, the fraction of that class: true positives / predicted. 0 for a class
/// that is never predicted.
using Precision = ClassAverage<&ClassCounts::Counts::precision, "precision">;
/// Of the targets of a class, the fraction that is predicted as it: true positives / support. 0 for a class without
/// targets that is predicted.
using Recall = ClassAverage<&ClassCounts::Counts::recall, "recall">;
/// The harmonic mean of precision and recall: 2 true positives / (support + predicted).
using F1 = ClassAverage<&ClassCounts::Counts::f1, "f1">;

/// The weights of the targets of each class, by the class that is predicted for them. `evaluate` reports no number
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
        if (!is_counted(c, ignore)) return;
        classes = c.y.size();
        of.resize(classes * classes);
        const auto predicted = std::size_t(std::max_element(c.y.begin(), c.y.end()) - c.y.begin());
        of[std::size_t(c.target[0]) * classes + predicted] += c.weight;
    }
    double operator()(std::size_t target, std::size_t predicted) const { return of[target * classes + predicted]; }
};

} // namespace rondo::metric
