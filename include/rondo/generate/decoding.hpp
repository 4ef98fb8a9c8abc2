// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../model/workspace.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Net, Backend B>
auto encode(Workspace<Net, B>& work, const Model<Net, B>& model, const Tokens& source) {
    return work.evaluate(model, nullptr, [&](auto& run) { return Net::encode(run, source); });
}
}

/// Decodes one source token by token in `width` independent rows: the step function of beam_search.
///
///   Decoding decoding{model, width};
///   decoding.start(source);
///   const auto found = beam_search({.width = width, .end = 1}, decoding);
///
/// Net is an EncoderDecoder, or another network with encode and decode.
///
/// Errors  a width below 1, an empty source; a token outside the vocabulary, a parent that is not a row, or another
///         number of rows; a step before start.
/// Memory  allocated by the first source of the greatest length; a step allocates nothing. The model must outlive this.
template <class Net, Backend B>
    requires OnHost<B>
class Decoding {
public:
    using scalar = typename B::scalar;

    Decoding(const Model<Net, B>& model, int width) : model_{&model}, width_{width} {
        if (width < 1)
            fail(Error::Kind::argument, "rondo::Decoding: width: expected 1 or more, got " + std::to_string(width));
    }

    void start(std::span<const int> source) {
        if (source.empty()) fail(Error::Kind::argument, "rondo::Decoding: expected a source of one token or more");
        started_ = false;
        source_.clear();
        for (const int token : source) source_.insert(source_.end(), std::size_t(width_), token);
        encoded_ = detail::encode(encoder_, *model_, Tokens{source_.data(), nullptr, {int(source.size()), width_}});
        state_ = encoded_.state;
        started_ = true;
    }

    /// Row n continues from the state of row parents[n] with tokens[n]. Returns the scores of each row's next token,
    /// row by row.
    std::span<const scalar> operator()(std::span<const int> parents, std::span<const int> tokens) {
        (check)(problem(parents, tokens));
        for (std::size_t k = 0; k < kept_.size() - 1; ++k) gather(parents, state_.states.value[int(k)], kept_[k]);
        gather(parents, state_.feed.value, kept_.back());
        const auto [scores, state, weights] = decoder_.evaluate(*model_, nullptr, [&](auto& run) {
            return Net::decode(run, Tokens{tokens.data(), nullptr, {1, width_}}, state_, encoded_.memory);
        });
        state_ = state;
        weights_ = {weights.value, weights.value ? weights.size() : 0};
        return {scores.value, scores.size()};
    }

    /// The attention weights of the last step: for each token of the source, width weights.
    std::span<const scalar> weights() const { return weights_; }

private:
    using Encoded = decltype(detail::encode(std::declval<Workspace<Net, B>&>(), std::declval<const Model<Net, B>&>(),
                                            std::declval<const Tokens&>()));
    using State = decltype(Encoded::state);

    Error problem(std::span<const int> parents, std::span<const int> tokens) const {
        const auto width = std::size_t(width_);
        if (!started_) return {Error::Kind::argument, "rondo::Decoding: a step before a start"};
        if (parents.size() != width || tokens.size() != width)
            return {Error::Kind::argument, "rondo::Decoding: expected " + std::to_string(width) + " rows, got " +
                                               std::to_string(parents.size()) + " parents and " +
                                               std::to_string(tokens.size()) + " tokens"};
        for (const int parent : parents)
            if (parent < 0 || parent >= width_)
                return {Error::Kind::argument, "rondo::Decoding: parent " + std::to_string(parent) +
                                                   " is not a row from 0 to " + std::to_string(width_ - 1)};
        return {};
    }
    // Reorders the columns of a state by parents; a missing state is zero.
    void gather(std::span<const int> parents, scalar*& part, std::vector<scalar>& kept) const {
        if (!part) return;
        const auto rows = std::size_t(decltype(State::feed)::rows);
        kept.resize(rows * parents.size());
        for (std::size_t n = 0; n < parents.size(); ++n)
            std::copy_n(part + std::size_t(parents[n]) * rows, rows, kept.data() + n * rows);
        part = kept.data();
    }

    const Model<Net, B>* model_;
    int width_;
    std::vector<int> source_;
    Workspace<Net, B> encoder_, decoder_;
    Encoded encoded_{};
    State state_{};
    std::array<std::vector<scalar>, decltype(State::states)::components + 1> kept_;
    std::span<const scalar> weights_;
    bool started_ = false;
};

} // namespace rondo
