// SPDX-License-Identifier: MIT
#pragma once

#include "sequence_scores.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Greedy (best path) decoding of CTC's outputs, one step at a time: the class of each step's largest logit, without
/// repetitions and blanks.
///
///   CTCGreedy decoder;                          // of a stream
///   if (const auto label = decoder(stream(x)))  // the label that begins in this step, if one does
///
/// Ties go to the first class; a logit that is NaN is never the largest.
///
/// Memory  none.
/// Source  Graves et al., "Connectionist temporal classification", ICML 2006, section 3.2.
class CTCGreedy {
public:
    explicit CTCGreedy(int blank = 0) : blank_{blank}, last_{blank} {}

    /// The label that begins in this step.
    template <class Scores>
    std::optional<int> operator()(const Scores& of_classes) {
        const std::span logits{of_classes};
        std::size_t best = 0;
        for (std::size_t k = 1; k < logits.size(); ++k)
            if (logits[k] > logits[best] || logits[best] != logits[best]) best = k;
        const int label = int(best), before = last_;
        last_ = label;
        if (label == before || label == blank_) return std::nullopt;
        return label;
    }
    /// Begins another sequence.
    void reset() { last_ = blank_; }

private:
    int blank_, last_;
};

/// The labels of a sequence by greedy decoding.
template <class S>
std::vector<int> ctc_greedy(const SequenceScores<S>& logits, int blank = 0) {
    std::vector<int> labels;
    CTCGreedy decode{blank};
    for (std::size_t t = 0; t < logits.steps; ++t)
        if (const auto label = decode(logits[t])) labels.push_back(*label);
    return labels;
}

} // namespace rondo
