// SPDX-License-Identifier: MIT
#pragma once

#include "../core/range.hpp"
#include "candidates.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class M> using FirstState = State<typename M::network, typename M::scalar>;
template <class Visitor, class M>
constexpr bool takes_state = std::is_invocable_v<Visitor, M, const FirstState<M>&>;
template <class Visitor, class M>
constexpr bool is_nothrow_visitor =
    takes_state<Visitor, M> ? std::is_nothrow_invocable_v<Visitor, M, const FirstState<M>&>
                            : std::is_nothrow_invocable_v<Visitor, M>;
template <class Visitor, class M>
using VisitResult =
    typename std::conditional_t<takes_state<Visitor, M>, std::invoke_result<Visitor, M, const FirstState<M>&>,
                                std::invoke_result<Visitor, M>>::type;

/// Calls visit with the candidate at `index` and its initial state, loaded by load(model, first, error); calls
/// refuse(error) if loading fails.
template <class Result, class First, class... Rest>
Result visit_loaded(ModelList<First, Rest...>, std::size_t index, auto&& load, auto&& visit, auto&& refuse) {
    if constexpr (sizeof...(Rest) > 0)
        if (index > 0) return visit_loaded<Result>(ModelList<Rest...>{}, index - 1, load, visit, refuse);
    std::optional<First> model; // its allocation may fail, too
    FirstState<First> first;
    Error problem;
    no_throw(problem, [&] { load(model.emplace(), first, problem); });
    if (problem) return refuse(std::move(problem));
    if constexpr (takes_state<decltype(visit), First>) return visit(std::move(*model), std::as_const(first));
    else return visit(std::move(*model));
}

constexpr bool any_two(std::span<const ModelCandidate> all,
                       bool (*same)(const ModelCandidate&, const ModelCandidate&)) {
    for (std::size_t k = 0; k < all.size(); ++k)
        for (std::size_t j = 0; j < k; ++j)
            if (same(all[j], all[k])) return true;
    return false;
}

template <class List> struct Dispatch;
template <class First, class... Rest>
struct Dispatch<ModelList<First, Rest...>> {
    using List = ModelList<First, Rest...>;
    static constexpr std::array<ModelCandidate, 1 + sizeof...(Rest)> all{candidate_of<First>, candidate_of<Rest>...};

    template <class Visitor> using Result = VisitResult<Visitor&, First>;
    template <class Visitor>
    static constexpr bool is_nothrow =
        is_nothrow_visitor<Visitor&, First> && (is_nothrow_visitor<Visitor&, Rest> && ...);

    template <class Visitor>
    static Result<Visitor> visit(const std::filesystem::path& path, Visitor& visitor, auto&& refuse) {
        Error problem;
        const io::SafetensorsFile file{path, limits(), problem};
        const std::string source = no_throw(problem, [&] { return path.string(); });
        return visit(file, source, std::move(problem), visitor, refuse);
    }
    template <class Visitor>
    static Result<Visitor> visit(std::span<const std::byte> bytes, Visitor& visitor, auto&& refuse) {
        Error problem;
        const io::Safetensors file{bytes, limits(), problem};
        return visit(file, std::string{"safetensors"}, std::move(problem), visitor, refuse);
    }
    template <class Visitor>
    static Result<Visitor> visit(const io::ModelWeights& weights, Visitor& visitor, auto&& refuse) {
        static_assert(!any_two(all, same_layers),
                      "rondo::dispatch: two candidates have the same layers: no file could tell them apart");
        Error problem;
        const std::size_t index = no_throw(problem, [&] { return choose_candidate(all, weights, problem); });
        const auto load = [&]<class M>(M& model, FirstState<M>& first, Error& error) {
            if constexpr (takes_state<Visitor, M>) rondo::load(model, first, weights, error);
            else rondo::load(model, weights, error);
        };
        return call(index, std::move(problem), visitor, refuse, load);
    }

private:
    static io::SafetensorsLimits limits() {
        return limits_of(range::max_element(all, {}, &ModelCandidate::bytes)->bytes);
    }
    template <class Visitor>
    static Result<Visitor> visit(const io::Safetensors& file, const std::string& source, Error problem,
                                 Visitor& visitor, auto&& refuse) {
        static_assert(!any_two(all, same_tensors),
                      "rondo::dispatch: two candidates have the same tensors: no file could tell them apart");
        std::size_t index = all.size();
        if (!problem) index = no_throw(problem, [&] { return choose_candidate(all, file, source, problem); });
        const auto load = [&]<class M>(M& model, FirstState<M>&, Error& error) {
            auto values = model.values();
            io::UnmatchedTensors none;
            error = detail::read(M::network::tensors, file, source, {}, values, none);
            if (!error) model.assign(values);
        };
        return call(index, std::move(problem), visitor, refuse, load);
    }
    template <class Visitor>
    static Result<Visitor> call(std::size_t index, Error problem, Visitor& visitor, auto&& refuse, auto&& load) {
        static_assert((std::is_same_v<Result<Visitor>, VisitResult<Visitor&, Rest>> && ...),
                      "rondo::dispatch: the visitor's results must be of one type, whichever candidate it gets");
        if (problem) return refuse(std::move(problem));
        return visit_loaded<Result<Visitor>>(List{}, index, load, visitor, refuse);
    }
};
template <class... Candidates>
using DispatchOf = Dispatch<typename Joined<typename ModelsOf<Candidates>::type...>::type>;
}

/// Loads a model whose size is known only at run time: selects the candidate whose tensors have the names, shapes and
/// type of the file's, loads it and calls visitor(Model<Net, B>&&). Returns the visitor's result.
///
///   template <int hidden> using Amp = Sequential<Named<"lstm", LSTM<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
///   dispatch<Sizes<Amp, 8, 16, 20, 32, 40>>("amp.safetensors", [&](auto model) { ... });
///
/// A candidate is a network, a Model<Net, B> of another backend, or Sizes. `file` is a path to a safetensors file, its
/// bytes as a std::span<const std::byte>, or an io::ModelWeights from a reader of another format; the latter is matched
/// by the layers' kinds and sizes. A visitor with two parameters also receives the initial state: State<Net, scalar>.
/// The visitor is compiled once for each candidate.
///
/// Errors  those of load; mismatch: no candidate fits; the message says why for each. Two candidates that such a file
///         cannot distinguish do not compile. After an error, the second overload does not call the visitor and returns
///         a value-initialized result; it is noexcept if the visitor is.
template <class... Candidates, class File, class Visitor>
auto dispatch(const File& file, Visitor&& visitor) {
    using D = detail::DispatchOf<Candidates...>;
    using Result = typename D::template Result<Visitor>;
    return D::visit(file, visitor, [](Error error) -> Result { fail(std::move(error)); });
}
template <class... Candidates, class File, class Visitor>
auto dispatch(const File& file, Visitor&& visitor,
              Error& error) noexcept(detail::DispatchOf<Candidates...>::template is_nothrow<Visitor>) {
    using D = detail::DispatchOf<Candidates...>;
    using Result = typename D::template Result<Visitor>;
    return D::visit(file, visitor, [&](Error problem) -> Result {
        error = std::move(problem);
        return Result();
    });
}

} // namespace rondo
