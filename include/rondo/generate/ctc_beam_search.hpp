// SPDX-License-Identifier: MIT
#pragma once

#include "../core/ctc_greedy.hpp"
#include "../core/error.hpp"
#include "../core/range.hpp"
#include "../core/sequence_scores.hpp"
#include "../loss/ctc_alignments.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Settings of ctc_beam_search.
///
/// width  prefixes in the beam.
/// best   maximum number of hypotheses to return, at most width.
/// blank  the class of steps without a label.
///
/// Errors  problem() names a width or best below 1, a best above width, a blank below 0.
struct CTCBeamSearch {
    int width = 10, best = 1, blank = 0;

    bool operator==(const CTCBeamSearch&) const = default;

    Error problem() const {
        const auto refuse = [](const std::string& expected, int value) {
            return Error{Error::Kind::argument, "rondo::CTCBeamSearch: " + expected + ", got " + std::to_string(value)};
        };
        if (width < 1) return refuse("width: expected 1 or more", width);
        if (best < 1 || best > width) return refuse("best: expected 1 to " + std::to_string(width), best);
        if (blank < 0) return refuse("blank: expected a class of 0 or more", blank);
        return {};
    }
};

/// A result of ctc_beam_search.
struct CTCHypothesis {
    std::vector<int> labels;
    double log_probability = 0; // of the alignments that the beam has kept
    bool operator==(const CTCHypothesis&) const = default;
};

namespace detail {

class PrefixBeam {
public:
    explicit PrefixBeam(const CTCBeamSearch& search) : search_{search}, nodes_(1), beam_{0} {
        nodes_[0].now = {0, log_zero<double>};
        nodes_[0].in_beam = true;
    }

    /// Eq. (1) to (3) for one step; `log_p` has one number for each class.
    void step(const std::vector<double>& log_p) {
        chosen_.clear();
        for (const std::size_t n : beam_) {
            Node& node = nodes_[n];
            node.next = {node.now.sum() + log_p[std::size_t(search_.blank)], log_zero<double>};
            if (n == 0) continue;
            const double label = log_p[std::size_t(node.label)];
            node.next.label = node.now.label + label;
            if (const Node& before = nodes_[node.before]; before.in_beam)
                node.next.label = log_add(node.next.label, from(before, node.label) + label);
        }
        for (const std::size_t n : beam_) offer({nodes_[n].next.sum(), n, -1});
        for (const std::size_t n : beam_) extend(n, log_p);
        range::sort(chosen_, better);
        for (const std::size_t n : beam_) nodes_[n].in_beam = false;
        beam_.clear();
        for (const Choice& choice : chosen_) {
            const std::size_t n = choice.label < 0 ? choice.node : child(choice.node, choice.label);
            if (choice.label >= 0) nodes_[n].next = {log_zero<double>, choice.log_probability};
            nodes_[n].now = nodes_[n].next;
            nodes_[n].in_beam = true;
            beam_.push_back(n);
        }
    }

    std::vector<CTCHypothesis> results() const {
        std::vector<CTCHypothesis> all;
        for (const std::size_t n : beam_) { // best first
            if (all.size() == std::size_t(search_.best)) break;
            CTCHypothesis found{{}, nodes_[n].now.sum()};
            if (found.log_probability < log_zero<double> / 10) continue;
            for (std::size_t at = n; at > 0; at = nodes_[at].before) found.labels.push_back(nodes_[at].label);
            std::reverse(found.labels.begin(), found.labels.end());
            all.push_back(std::move(found));
        }
        return all;
    }

private:
    // Log probabilities of a prefix's alignments that end with a blank, and with its last label.
    struct Ends {
        double blank = log_zero<double>, label = log_zero<double>;
        double sum() const { return log_add(blank, label); }
    };
    // A prefix: a label after another prefix. Prefixes that leave the beam stay, so that each has one node.
    struct Node {
        std::size_t before = 0, first_child = 0, sibling = 0;
        int label = -1;
        bool in_beam = false;
        Ends now{}, next{};
    };
    // A prefix that stays (label -1), or one that is extended by a label.
    struct Choice {
        double log_probability;
        std::size_t node;
        int label;
    };
    static bool better(const Choice& a, const Choice& b) {
        if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
        return a.node != b.node ? a.node < b.node : a.label < b.label;
    }

    // Of the alignments of a prefix, those that a label continues: after the same label only those that end in a blank.
    static double from(const Node& prefix, int label) {
        return prefix.label == label ? prefix.now.blank : prefix.now.sum();
    }
    void extend(std::size_t n, const std::vector<double>& log_p) {
        taken_.assign(log_p.size(), false);
        taken_[std::size_t(search_.blank)] = true;
        for (std::size_t at = nodes_[n].first_child; at > 0; at = nodes_[at].sibling)
            if (nodes_[at].in_beam) taken_[std::size_t(nodes_[at].label)] = true;
        const double sum = nodes_[n].now.sum();
        for (std::size_t k = 0; k < log_p.size(); ++k)
            if (!taken_[k]) offer({(int(k) == nodes_[n].label ? nodes_[n].now.blank : sum) + log_p[k], n, int(k)});
    }
    void offer(const Choice& choice) {
        const bool full = chosen_.size() == std::size_t(search_.width);
        if (full && !better(choice, chosen_.front())) return;
        if (full) {
            std::pop_heap(chosen_.begin(), chosen_.end(), better); // the worst of them
            chosen_.pop_back();
        }
        chosen_.push_back(choice);
        std::push_heap(chosen_.begin(), chosen_.end(), better);
    }
    std::size_t child(std::size_t n, int label) {
        for (std::size_t at = nodes_[n].first_child; at > 0; at = nodes_[at].sibling)
            if (nodes_[at].label == label) return at;
        const std::size_t made = nodes_.size();
        nodes_.push_back({n, 0, nodes_[n].first_child, label});
        nodes_[n].first_child = made;
        return made;
    }

    CTCBeamSearch search_;
    std::vector<Node> nodes_; // the first is the empty prefix
    std::vector<std::size_t> beam_;
    std::vector<Choice> chosen_; // a heap, the worst first
    std::vector<bool> taken_;
};

} // namespace detail

/// Prefix beam search: the sequences of labels with the largest probabilities, each summed over its alignments, of
/// prefixes that are among the `width` likeliest in every step.
///
///   b(l, t)     = p(blank, t) (b(l, t-1) + e(l, t-1))                         (1)
///   e(l + k, t) = p(k, t) (e(l + k, t-1) + b(l, t-1) + e(l, t-1))             (2)
///   without e(l, t-1) of l if its last label is k                             (3)
///
/// b are the alignments of a prefix that end with a blank, e those that end with its last label. p is the softmax of
/// the logits. In the log domain and in double. If nothing is pruned, probabilities are those of CTC.
///
/// Returns up to `best` hypotheses, best first; ties go to the prefix that was found first, then to the lower label. A
/// hypothesis without probability is not returned.
///
///   const auto found = ctc_beam_search({.width = 20}, sequence_scores(y, 0));
///
/// Units   nats; logits of -infinity forbid a class.
/// Errors  those of CTCBeamSearch; a blank that is not a class; not_finite: a logit that is NaN or +infinity, or a step
///         with none above -infinity.
/// Memory  width nodes for each step.
/// Source  Hannun, Maas, Jurafsky, Ng, "First-pass large vocabulary continuous speech recognition using bi-directional
///         recurrent DNNs", arXiv:1408.2873 (2014), algorithm 1, without its language model; Graves, "Sequence
///         transduction with recurrent neural networks", 2012.
template <class S>
std::vector<CTCHypothesis> ctc_beam_search(const CTCBeamSearch& search, const SequenceScores<S>& logits) {
    (check)(search.problem());
    if (logits.steps > 0 && std::size_t(search.blank) >= logits.rows)
        fail(Error::Kind::argument, "rondo::ctc_beam_search: blank: expected a class from 0 to " +
                                        std::to_string(int(logits.rows) - 1) + ", got " + std::to_string(search.blank));
    detail::PrefixBeam beam{search};
    std::vector<double> log_p(logits.rows);
    for (std::size_t t = 0; t < logits.steps; ++t) {
        const auto step = logits[t];
        double top = -std::numeric_limits<double>::infinity(), sum = 0;
        for (std::size_t k = 0; k < log_p.size(); ++k) {
            log_p[k] = double(step[k]);
            if (!(log_p[k] <= (std::numeric_limits<double>::max)()))
                fail(Error::Kind::not_finite,
                     "rondo::ctc_beam_search: logits: expected a finite number or -inf in step " + std::to_string(t) +
                         " at index " + std::to_string(k) + ", got " + (std::isnan(log_p[k]) ? "nan" : "inf"));
            top = (std::max)(top, log_p[k]);
        }
        if (std::isinf(top))
            fail(Error::Kind::not_finite, "rondo::ctc_beam_search: logits: expected a finite number in step " +
                                              std::to_string(t) + ", got -inf");
        for (const double y : log_p) sum += std::exp(y - top);
        for (double& y : log_p) y = (std::max)(y - top - std::log(sum), detail::log_zero<double>);
        beam.step(log_p);
    }
    return beam.results();
}

} // namespace rondo
