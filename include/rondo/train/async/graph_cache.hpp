// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../../graph/program.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The key of a captured step: the program, and all else that its kernels and their arguments depend on, except the
/// content of the backend's memory.
///
/// Memory  the bytes of the program's operations.
class GraphKey {
public:
    template <Backend B>
    void begin(const Program<B>& program) {
        bytes_.clear();
        program.each_part([&](std::span<const std::byte> part) { append(part); });
    }
    /// Numbers, enumerators and addresses.
    template <class... Values>
        requires (std::is_scalar_v<Values> && ...)
    void add(const Values&... values) {
        (append(std::as_bytes(std::span{&values, 1})), ...);
    }
    bool operator==(const GraphKey&) const = default;

private:
    void append(std::span<const std::byte> part) { bytes_.insert(bytes_.end(), part.begin(), part.end()); }
    std::vector<std::byte> bytes_;
};

/// Captures steps with equal keys as graphs, and replays them. The first step of a key runs without capture, which
/// allocates its memory.
template <class B>
class GraphCache {};

template <Asynchronous B>
class GraphCache<B> {
public:
    template <class Work>
    void operator()(B& backend, const GraphKey& key, const Work& work) {
        for (Kept& kept : all_)
            if (kept.key == key) return backend.repeat(kept.graph, work);
        work();
        Kept& oldest = all_[next_++ % all_.size()];
        oldest.key = key;
        oldest.graph = {};
    }

private:
    struct Kept {
        GraphKey key;
        typename B::Graph graph{};
    };
    std::array<Kept, 8> all_; // mini-batches have few forms
    std::size_t next_ = 0;
};

} // namespace rondo::detail
