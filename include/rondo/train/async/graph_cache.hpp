// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../../data/batch.hpp"

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The key of a captured step: everything that its kernels and their arguments depend on, except the content of the
/// backend's memory.
class GraphKey {
public:
    /// Begins with the form of a batch; its values are at the same addresses in every step.
    template <class Target, class... Inputs>
    void begin(const Batch<Target, Inputs...>& batch, double terms) {
        words_.clear();
        same_ = true;
        add(std::uint64_t(batch.state_policy), std::bit_cast<std::uint64_t>(terms));
        add_form(batch.target);
        std::apply([&](const auto&... x) { (add_form(x), ...); }, batch.inputs);
    }
    void add(std::integral auto... words) { (words_.push_back(std::uint64_t(words)), ...); }
    void add(const void* address) { words_.push_back(std::uint64_t(reinterpret_cast<std::uintptr_t>(address))); }

    /// Whether steps with an equal key are equal: false if sequences have lengths, which are in host memory.
    bool same() const { return same_; }
    bool operator==(const GraphKey& other) const { return words_ == other.words_; }

private:
    template <class T, int Rows>
    void add_form(const SequenceView<const T, Rows>& x) {
        const Extent& e = x.extent;
        add(Rows, std::is_same_v<T, int>, e.steps, e.batch, e.first_step, e.first_column);
        same_ = same_ && !e.lengths;
    }
    std::vector<std::uint64_t> words_;
    bool same_ = true;
};

/// Captures steps with equal keys as graphs, and replays them. The first step of a key runs without capture, which
/// allocates its memory and shows whether it reads values that are computed on the host.
template <class B>
class GraphCache {};

template <Asynchronous B>
class GraphCache<B> {
public:
    /// `host_reads` is set by work that depends on the number of the step on the host; it is not captured.
    template <class Work>
    void operator()(B& backend, const GraphKey& key, const bool& host_reads, const Work& work) {
        if (!key.same()) return work();
        for (Kept& kept : all_)
            if (kept.key == key) return kept.host_reads ? work() : backend.repeat(kept.graph, work);
        work();
        Kept& oldest = all_[next_++ % all_.size()];
        oldest.key = key;
        oldest.graph = {};
        oldest.host_reads = host_reads;
    }

private:
    struct Kept {
        GraphKey key;
        typename B::Graph graph{};
        bool host_reads = false;
    };
    std::array<Kept, 8> all_; // mini-batches have few forms
    std::size_t next_ = 0;
};

} // namespace rondo::detail
