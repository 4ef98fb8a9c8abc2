// SPDX-License-Identifier: MIT
#pragma once

#include "../core/choose.hpp"
#include "../core/range.hpp"
#include "../model/summary.hpp"
#include "assign.hpp"
#include "model.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class... Models> struct ModelList {
    static constexpr std::size_t count = sizeof...(Models);
};
template <class Net> struct ModelsOf {
    using type = ModelList<Model<Net>>;
};
template <class Net, Backend B> struct ModelsOf<Model<Net, B>> {
    using type = ModelList<Model<Net, B>>;
};
template <template <int> class Net, int... sizes> struct ModelsOf<Sizes<Net, sizes...>> {
    using type = ModelList<Model<Net<sizes>>...>;
};
template <class... Lists> struct Joined;
template <class List> struct Joined<List> {
    using type = List;
};
template <class... A, class... B, class... More> struct Joined<ModelList<A...>, ModelList<B...>, More...> {
    using type = typename Joined<ModelList<A..., B...>, More...>::type;
};

/// The layers of a network in one line, which identifies a candidate in error messages.
template <class Net>
std::string in_a_line() {
    if constexpr (requires { Net::layer_count; }) {
        std::string text;
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            ((text += (k > 0 ? ", " : "") + std::string{Net::labels[k].view()} + ": " +
                      in_a_line<typename Net::template layer_at<k>>()),
             ...);
        }(std::make_index_sequence<Net::layer_count>{});
        return '(' + text + ')';
    } else {
        return described(description<Net>);
    }
}

/// The type-erased description of a candidate.
struct ModelCandidate {
    std::span<const ParameterSpec> tensors;
    std::span<const NetworkLayer> layers;
    io::DType dtype;
    std::size_t bytes;
    std::string (*name)();
};
template <class M>
constexpr ModelCandidate candidate_of{M::network::tensors, network_layers<typename M::network>,
                                      io::dtype_of<typename M::scalar>, M::size * sizeof(typename M::scalar),
                                      in_a_line<typename M::network>};

constexpr bool same_tensors(const ModelCandidate& a, const ModelCandidate& b) {
    return a.dtype == b.dtype && range::equal(a.tensors, b.tensors, [](const ParameterSpec& x, const ParameterSpec& y) {
               return x.name.view() == y.name.view() && x.rank == y.rank && x.shape() == y.shape() &&
                      x.after_reset == y.after_reset && x.variant == y.variant;
           });
}

constexpr bool same_layers(const ModelCandidate& a, const ModelCandidate& b) {
    return range::equal(a.layers, b.layers, {}, &NetworkLayer::facts, &NetworkLayer::facts);
}

/// The index of the candidate for which problem_of(candidate) is empty; if there is none, all.size() and an error with
/// the problem of each.
template <class ProblemOf>
std::size_t choose_candidate(std::span<const ModelCandidate> all, const std::string& source, Error& error,
                             ProblemOf problem_of) {
    std::string reasons;
    for (std::size_t n = 0; n < all.size(); ++n) {
        const std::string problem = problem_of(all[n]);
        if (problem.empty()) return n;
        reasons += (n > 0 ? "; " : "") + all[n].name() + ": " + problem;
    }
    error = {Error::Kind::mismatch,
             source + ": fits none of the " + std::to_string(all.size()) + " candidates: " + reasons};
    return all.size();
}

/// The error of a file without a record of variants that fits two candidates, if these differ in a variant.
inline Error variant_problem(const ModelCandidate& a, const ModelCandidate& b, const std::string& source) {
    const auto shown = [](const ParameterSpec& t) {
        return t.variant.empty() ? "the usual functions" : std::string{t.variant};
    };
    for (std::size_t k = 0; k < (std::min)(a.tensors.size(), b.tensors.size()); ++k)
        if (const ParameterSpec &x = a.tensors[k], &y = b.tensors[k]; x.variant != y.variant)
            return {Error::Kind::mismatch, source + ": tensor " + std::string{x.name.view()} + ": candidates with " +
                                               shown(x) + " and with " + shown(y) + " fit; expected the metadata \"" +
                                               std::string{variants_key} +
                                               "\", which say which it is, or one of these candidates only"};
    return {};
}

/// Selects by the tensors' names, shapes and type, and the kinds of recurrent layers. A file without a record of
/// variants is one of the usual equations, if a candidate has them; otherwise one candidate only may fit.
inline std::size_t choose_candidate(std::span<const ModelCandidate> all, const io::Safetensors& file,
                                    const std::string& source, Error& error) {
    const auto problem_of = [&](const ModelCandidate& one, WithoutRecord without) {
        Error problem;
        const io::TensorInfo* found = nullptr;
        for (std::size_t k = 0; k < one.tensors.size() && !problem; ++k)
            problem = find_tensor(one.tensors, k, one.dtype, file, "", {}, found);
        if (!problem) problem = left_over_problem(left_over(one.tensors, file, {}), "");
        if (!problem) problem = kinds_problem(one.tensors, file, "", {}, without);
        return problem.message.substr(problem ? 2 : 0); // past ": "
    };
    for (std::size_t n = 0; n < all.size(); ++n)
        if (problem_of(all[n], WithoutRecord::usual).empty()) return n;
    const auto problem_of_any = [&](const ModelCandidate& one) { return problem_of(one, WithoutRecord::any); };
    const std::size_t first = choose_candidate(all, source, error, problem_of_any);
    for (std::size_t n = first + 1; n < all.size(); ++n) {
        Error problem = variant_problem(all[first], all[n], source);
        if (!problem || !problem_of_any(all[n]).empty()) continue;
        error = std::move(problem);
        return all.size();
    }
    return first;
}

/// Selects by the layers' kinds and sizes.
inline std::size_t choose_candidate(std::span<const ModelCandidate> all, const io::ModelWeights& weights,
                                    Error& error) {
    return choose_candidate(all, weights.source, error, [&](const ModelCandidate& one) {
        const Error problem = layers_problem(one.layers, weights);
        return problem.message.substr(problem ? weights.source.size() + 2 : 0);
    });
}
} // namespace detail

} // namespace rondo
