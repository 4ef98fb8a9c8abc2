// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"
#include "../core/view.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Which parameters the operations of a program compute gradients of. An operation adds the sums of its shards in the
/// order of the tree by itself where it is the only one that uses its tensors. Tensors that several operations use are
/// summed over the operations first: if they are of one kind (a layer that is called at each step of a loop), in one
/// call after the backward ("deferred"); otherwise (tied tensors) each adds to a gradient of each shard ("shared").
///
/// Memory  an entry per tensor and operation; a program with no more of them than before allocates nothing.
class ParameterUses {
public:
    static constexpr std::size_t none = ~std::size_t{0};
    using Tensors = std::array<ParameterTensor, 5>;

    struct Tensor {
        std::size_t offset = 0, size = 0, shared_at = 0; // size 0: only fetched
        std::size_t layout = none;                       // of all its uses, if it is the same
        std::size_t group = 0, uses = 0;                 // tensors that an operation uses are of one group
    };
    /// Operations of one kind with the same tensors.
    struct Layout {
        const void* kind;
        Tensors tensors;
        bool deferred;
        bool operator==(const Layout& other) const { return kind == other.kind && tensors == other.tensors; }
    };
    /// An operation, by the number of its record, that can defer its gradients, and the memory that it needs for that.
    struct Use {
        std::size_t record, layout, size, at;
    };

    void clear() {
        tensors_.clear();
        layouts_.clear();
        uses_.clear();
        groups_ = shared_size_ = kept_size_ = 0;
    }
    /// Notes that the forward took a parameter's address.
    void fetch(std::size_t offset) { at(offset); }
    /// `kind`: that of an operation that can defer its gradients, and then needs `kept` elements; null: it cannot.
    template <std::size_t count>
    void add(const std::array<ParameterTensor, count>& all, const void* kind, std::size_t record, std::size_t kept) {
        const std::size_t group = groups_++, layout = kind ? index_of(all, kind) : none;
        if (kind) uses_.push_back({record, layout, kept, none});
        for (const ParameterTensor& one : all) {
            if (one.size == 0) continue;
            Tensor& tensor = at(one.offset);
            tensor.size = one.size;
            tensor.layout = tensor.uses == 0 || tensor.layout == layout ? layout : none;
            ++tensor.uses;
            const std::size_t before = tensor.group;
            for (Tensor& other : tensors_)
                if (&other == &tensor || other.group == before) other.group = group;
        }
    }
    /// Decides, after recording, which tensors are shared and which operations defer their gradients.
    void complete() {
        for (Tensor& tensor : tensors_) {
            if (!is_shared(tensor)) continue;
            if (has_layout(tensor)) {
                layouts_[tensor.layout].deferred = true;
            } else {
                tensor.layout = none;
                tensor.shared_at = shared_size_;
                shared_size_ += padded(tensor.size);
            }
        }
        for (Use& use : uses_) {
            if (!layouts_[use.layout].deferred) continue;
            use.at = kept_size_;
            kept_size_ += padded(use.size);
        }
    }
    /// Whether every parameter that was fetched is one of an operation that names its parameters.
    bool known() const {
        for (const Tensor& tensor : tensors_)
            if (tensor.uses == 0) return false;
        return true;
    }
    /// The entry of a tensor with a gradient of its own for each shard; null for others.
    const Tensor* shared(std::size_t offset) const {
        if (shared_size_ == 0) return nullptr;
        for (const Tensor& tensor : tensors_)
            if (tensor.offset == offset) return is_shared(tensor) && tensor.layout == none ? &tensor : nullptr;
        return nullptr;
    }
    /// Elements of the gradient of all shared tensors; those that operations keep.
    std::size_t shared_size() const { return shared_size_; }
    std::size_t kept_size() const { return kept_size_; }
    const void* kind(std::size_t layout) const { return layouts_[layout].kind; }
    /// Calls f(tensor) for each shared tensor.
    template <class F>
    void each_shared(const F& f) const {
        for (const Tensor& tensor : tensors_)
            if (shared(tensor.offset)) f(tensor);
    }
    /// Calls f(use) for each operation that defers its gradients: layout by layout, the last operation first.
    template <class F>
    void each_deferred(const F& f) const {
        for (std::size_t layout = 0; layout < layouts_.size(); ++layout)
            if (layouts_[layout].deferred)
                for (std::size_t k = uses_.size(); k-- > 0;)
                    if (uses_[k].layout == layout) f(uses_[k]);
    }

private:
    template <std::size_t count>
    std::size_t index_of(const std::array<ParameterTensor, count>& all, const void* kind) {
        Layout layout{kind, {}, false};
        std::copy(all.begin(), all.end(), layout.tensors.begin());
        const auto found = std::find(layouts_.begin(), layouts_.end(), layout);
        const auto index = std::size_t(found - layouts_.begin());
        if (found == layouts_.end()) layouts_.push_back(layout);
        return index;
    }
    // Whether all uses of all tensors of its group have the same layout.
    bool has_layout(const Tensor& tensor) const {
        for (const Tensor& other : tensors_)
            if (other.group == tensor.group && other.layout != tensor.layout) return false;
        return tensor.layout != none;
    }
    Tensor& at(std::size_t offset) {
        for (Tensor& tensor : tensors_)
            if (tensor.offset == offset) return tensor;
        Tensor& added = tensors_.emplace_back();
        added.offset = offset;
        added.group = groups_++;
        return added;
    }
    // A group in which any tensor is used twice is shared as a whole.
    bool is_shared(const Tensor& tensor) const {
        for (const Tensor& other : tensors_)
            if (other.group == tensor.group && other.uses > 1) return true;
        return false;
    }

    std::vector<Tensor> tensors_;
    std::vector<Layout> layouts_;
    std::vector<Use> uses_;
    std::size_t groups_ = 0, shared_size_ = 0, kept_size_ = 0;
};

} // namespace rondo
