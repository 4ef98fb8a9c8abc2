// SPDX-License-Identifier: MIT
#pragma once

#include "../network/summary.hpp"
#include "model.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline v0_1 {

/// Candidates that differ in one size: Sizes<Amp, 8, 16, 20> are Amp<8>, Amp<16> and Amp<20>.
template <template <int> class Net, int... sizes> struct Sizes {};

namespace detail {
template <class... Models> struct ModelList {
    static constexpr std::size_t count = sizeof...(Models);
};
template <class Candidate> struct ModelsOf { using type = ModelList<Model<Candidate>>; };
template <class Net, Backend B> struct ModelsOf<Model<Net, B>> { using type = ModelList<Model<Net, B>>; };
template <template <int> class Net, int... sizes> struct ModelsOf<Sizes<Net, sizes...>> {
    using type = ModelList<Model<Net<sizes>>...>;
};
template <class... Lists> struct Joined;
template <class List> struct Joined<List> { using type = List; };
template <class... A, class... B, class... More> struct Joined<ModelList<A...>, ModelList<B...>, More...> {
    using type = typename Joined<ModelList<A..., B...>, More...>::type;
};

/// A network in one line: its layers by name. What an error calls a candidate.
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
        return described<Net>();
    }
}

/// What is known of a candidate without its type.
struct Candidate {
    std::span<const Tensor> tensors;
    io::DType dtype;
    std::size_t bytes;
    std::string (*name)();
};
template <class M>
constexpr Candidate candidate{M::network::tensors, io::dtype_of<typename M::scalar>,
                              M::size * sizeof(typename M::scalar), in_a_line<typename M::network>};

constexpr bool same_tensors(const Candidate& a, const Candidate& b) {
    return a.dtype == b.dtype &&
           std::ranges::equal(a.tensors, b.tensors, [](const Tensor& x, const Tensor& y) {
               return x.name.view() == y.name.view() && x.rows == y.rows && x.columns == y.columns && x.rank == y.rank;
           });
}

/// The candidate whose tensors are the file's; `count` and what is wrong with each of them if there is none.
inline std::size_t choose(std::span<const Candidate> all, const io::Safetensors& file, const std::string& source,
                          Error& error) {
    std::string reasons;
    for (std::size_t n = 0; n < all.size(); ++n) {
        Error problem;
        const io::TensorInfo* found = nullptr;
        for (std::size_t k = 0; k < all[n].tensors.size() && !problem; ++k)
            problem = find_tensor(all[n].tensors, k, all[n].dtype, file, all[n].name(), {}, found);
        if (!problem) problem = left_over(all[n].tensors, file, all[n].name(), {});
        if (!problem) return n;
        reasons += (n > 0 ? "; " : "") + problem.message;
    }
    error = {Error::Kind::mismatch, source + ": fits none of the " + std::to_string(all.size()) +
                                        " candidates: " + reasons};
    return all.size();
}

/// Calls visit with the candidate that is at `index`, loaded by load(model); refuse(error) if that goes wrong.
template <class Result, class First, class... Rest>
Result visit_loaded(ModelList<First, Rest...>, std::size_t index, auto&& load, auto&& visit, auto&& refuse) {
    if constexpr (sizeof...(Rest) > 0)
        if (index > 0) return visit_loaded<Result>(ModelList<Rest...>{}, index - 1, load, visit, refuse);
    First model;
    if (Error problem = load(model)) return refuse(std::move(problem));
    return visit(std::move(model));
}

template <class List> struct Dispatch;
template <class First, class... Rest>
struct Dispatch<ModelList<First, Rest...>> {
    static constexpr std::array<Candidate, 1 + sizeof...(Rest)> all{candidate<First>, candidate<Rest>...};
    static_assert(
        [] {
            for (std::size_t k = 0; k < all.size(); ++k)
                for (std::size_t j = 0; j < k; ++j)
                    if (same_tensors(all[j], all[k])) return false;
            return true;
        }(),
        "rondo::dispatch: two candidates have the same tensors: no file could tell them apart");

    template <class Visitor> using Result = std::invoke_result_t<Visitor&, First>;
    template <class Visitor>
    static constexpr bool is_nothrow = std::is_nothrow_invocable_v<Visitor&, First> &&
                                       (std::is_nothrow_invocable_v<Visitor&, Rest> && ...);

    static io::SafetensorsLimits limits() {
        return limits_of(std::ranges::max_element(all, {}, &Candidate::bytes)->bytes);
    }
    template <class Visitor>
    static Result<Visitor> visit(const io::Safetensors& file, const std::string& source, Error problem, Visitor& visitor,
                                 auto&& refuse) {
        static_assert((std::is_same_v<Result<Visitor>, std::invoke_result_t<Visitor&, Rest>> && ...),
                      "rondo::dispatch: the visitor's results must be of one type, whichever candidate it gets");
        const std::size_t index = problem ? 0 : choose(all, file, source, problem);
        if (problem) return refuse(std::move(problem));
        const auto load = [&]<class M>(M& model) {
            auto values = model.values();
            Error wrong = detail::read(M::network::tensors, file, source, {}, values);
            if (!wrong) model.assign(values);
            return wrong;
        };
        return visit_loaded<Result<Visitor>>(ModelList<First, Rest...>{}, index, load, visitor, refuse);
    }
    template <class Visitor>
    static Result<Visitor> visit(const std::filesystem::path& path, Visitor& visitor, auto&& refuse) {
        Error problem;
        const io::SafetensorsFile file{path, limits(), problem};
        return visit(file, path.string(), std::move(problem), visitor, refuse);
    }
    template <class Visitor>
    static Result<Visitor> visit(std::span<const std::byte> bytes, Visitor& visitor, auto&& refuse) {
        Error problem;
        const io::Safetensors file{bytes, limits(), problem};
        return visit(file, "safetensors", std::move(problem), visitor, refuse);
    }
};
template <class... Candidates> using DispatchOf = Dispatch<typename Joined<typename ModelsOf<Candidates>::type...>::type>;
}

/// Opens a model whose size is not known before: picks the candidate whose tensors, by name, shape and type, are the
/// file's, loads it and calls visitor(Model<Net, B>&&). Returns what the visitor returns.
///
///   template <int hidden> using Amp = Sequential<Named<"lstm", LSTM<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
///   dispatch<Sizes<Amp, 8, 16, 20, 32, 40>>("amp.safetensors", [&](auto model) { ... });
///
/// A candidate is a network, a Model<Net, B> of another backend, or Sizes. `file` is a path to safetensors, or its bytes
/// as a std::span<const std::byte>. The visitor is compiled once for each candidate.
///
/// Errors  those of load; mismatch: no candidate fits; the message says of each why not. Two candidates with the same
///         tensors do not compile. In the second form the visitor is not called then, and the result is a value of its
///         type made from nothing; that form is noexcept where the visitor is.
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
