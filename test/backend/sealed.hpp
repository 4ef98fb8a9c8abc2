// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/backend/concept.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

/// Memory as far away as a device's: whoever touches it while it is not open ends the program, and whoever opens it for
/// operands that lie elsewhere fails.
class Vault {
public:
    struct Open {
        template <class... T>
        explicit Open(const T*... operands) {
            if (!(vault().holds(operands) && ...)) throw std::logic_error{"an operand is the host's"};
            if (vault().open_++ == 0) vault().protect(PROT_READ | PROT_WRITE);
        }
        ~Open() {
            if (--vault().open_ == 0) vault().protect(PROT_NONE);
        }
        Open(const Open&) = delete;
    };

    static void* take(std::size_t bytes) {
        Vault& v = vault();
        void* piece = v.base_ + v.used_;
        v.used_ += (bytes + 63) / 64 * 64;
        if (v.used_ > size) throw std::bad_alloc{};
        ++v.pieces_;
        return piece;
    }
    static void give_back() {
        if (--vault().pieces_ == 0) vault().used_ = 0;
    }

private:
    static constexpr std::size_t size = std::size_t{1} << 26;

    Vault() : base_{static_cast<std::byte*>(::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))} {
        if (base_ == MAP_FAILED) throw std::bad_alloc{};
    }
    static Vault& vault() {
        static Vault one;
        return one;
    }
    bool holds(const void* p) const {
        const std::less_equal<const void*> before;
        return !p || (before(base_, p) && before(p, base_ + size));
    }
    void protect(int access) {
        if (::mprotect(base_, size, access) != 0) throw std::bad_alloc{};
    }

    std::byte* base_;
    std::size_t used_ = 0, pieces_ = 0;
    int open_ = 0;
};

/// A backend's buffer in the vault; a regular value.
template <class T>
class VaultBuffer {
public:
    VaultBuffer() = default;
    explicit VaultBuffer(std::size_t size) : size_{size} {
        if (size == 0) return;
        data_ = static_cast<T*>(Vault::take(size * sizeof(T)));
        Vault::Open open;
        std::fill_n(data_, size, T{});
    }
    VaultBuffer(const VaultBuffer& other) : VaultBuffer(other.size_) {
        Vault::Open open;
        std::copy_n(other.data_, size_, data_);
    }
    VaultBuffer(VaultBuffer&& other) noexcept { swap(other); }
    VaultBuffer& operator=(VaultBuffer other) noexcept {
        swap(other);
        return *this;
    }
    ~VaultBuffer() {
        if (data_) Vault::give_back();
    }
    friend bool operator==(const VaultBuffer& a, const VaultBuffer& b) {
        Vault::Open open;
        return std::equal(a.data_, a.data_ + a.size_, b.data_, b.data_ + b.size_);
    }

    std::size_t size() const { return size_; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    void resize(std::size_t size) {
        VaultBuffer other(size);
        Vault::Open open;
        std::copy_n(data_, std::min(size, size_), other.data_);
        swap(other);
    }
    template <class Iterator>
    void assign(Iterator first, Iterator last) {
        if (std::size_t(last - first) != size_) *this = VaultBuffer(std::size_t(last - first));
        Vault::Open open;
        std::copy(first, last, data_);
    }

    void assign(std::size_t size, T value) {
        if (size != size_) *this = VaultBuffer(size);
        Vault::Open open;
        std::fill_n(data_, size, value);
    }

private:
    void swap(VaultBuffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
    }
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A backend of host memory behind a wall: what it computes is B's, but only its operations reach its numbers.
template <rondo::Backend B>
class Sealed {
public:
    using S = typename B::scalar;
    using scalar = S;
    static constexpr std::string_view name = "Sealed";
    template <class T>
    using buffer = VaultBuffer<T>;

    static std::size_t scratch(std::size_t rows, std::size_t columns, std::size_t inner) {
        return B::scratch(rows, columns, inner);
    }
    void reserve(std::size_t n) { backend_.reserve(n); }
    template <class T>
    static T* data(buffer<T>& b) {
        return b.data();
    }
    template <class T>
    static const T* data(const buffer<T>& b) {
        return b.data();
    }
    static void upload(buffer<S>& to, const S* from, std::size_t n) { to.assign(from, from + n); }
    static void download(S* to, const S* from, std::size_t n) {
        Vault::Open open{from};
        std::copy_n(from, n, to);
    }

    using Prepared = typename B::Prepared;
    static std::size_t prepared_size(std::size_t rows, std::size_t columns) { return B::prepared_size(rows, columns); }
    Prepared prepare(rondo::RowMajorView<const S> w, S* memory) {
        Vault::Open open{w.data, memory};
        return backend_.prepare(w, memory);
    }
    Prepared prepare_transposed(rondo::RowMajorView<const S> w, S* memory) {
        Vault::Open open{w.data, memory};
        return backend_.prepare_transposed(w, memory);
    }
    void multiply_add(rondo::ColumnMajorView<S> y, Prepared w, rondo::ColumnMajorView<const S> x) {
        Vault::Open open{y.data, x.data};
        backend_.multiply_add(y, w, x);
    }

    void multiply_add(rondo::ColumnMajorView<S> y, rondo::RowMajorView<const S> w, rondo::ColumnMajorView<const S> x) {
        Vault::Open open{y.data, w.data, x.data};
        backend_.multiply_add(y, w, x);
    }
    void multiply_transposed_add(rondo::ColumnMajorView<S> y, rondo::RowMajorView<const S> w,
                                 rondo::ColumnMajorView<const S> x) {
        Vault::Open open{y.data, w.data, x.data};
        backend_.multiply_transposed_add(y, w, x);
    }
    void add_outer(rondo::RowMajorView<S> w, rondo::ColumnMajorView<const S> y, rondo::ColumnMajorView<const S> x) {
        Vault::Open open{w.data, y.data, x.data};
        backend_.add_outer(w, y, x);
    }
    void add_columns(S* p, rondo::ColumnMajorView<const S> x) {
        Vault::Open open{p, x.data};
        backend_.add_columns(p, x);
    }
    void fill_columns(rondo::ColumnMajorView<S> y, const S* p) {
        Vault::Open open{y.data, p};
        backend_.fill_columns(y, p);
    }
    void copy_columns(rondo::ColumnMajorView<S> y, rondo::ColumnMajorView<const S> x) {
        Vault::Open open{y.data, x.data};
        backend_.copy_columns(y, x);
    }
    void add_to_columns(rondo::ColumnMajorView<S> y, rondo::ColumnMajorView<const S> x) {
        Vault::Open open{y.data, x.data};
        backend_.add_to_columns(y, x);
    }
    void gather(rondo::ColumnMajorView<S> y, const S* table, const int* index) {
        Vault::Open open{y.data, table, index};
        backend_.gather(y, table, index);
    }
    void scatter_add(S* table, rondo::ColumnMajorView<const S> x, const int* index, int skipped) {
        Vault::Open open{table, x.data, index};
        backend_.scatter_add(table, x, index, skipped);
    }
    void fill(S* p, std::size_t n, S value) {
        Vault::Open open{p};
        backend_.fill(p, n, value);
    }
    void copy(S* to, const S* from, std::size_t n) {
        Vault::Open open{to, from};
        backend_.copy(to, from, n);
    }
    template <class T>
    static void send(T* to, const T* from, std::size_t n) {
        Vault::Open open{to};
        std::copy_n(from, n, to);
    }
    double sum(const S* p, std::size_t n) {
        Vault::Open open{p};
        return backend_.sum(p, n);
    }
    double sum_of_squares(const S* p, std::size_t n) {
        Vault::Open open{p};
        return backend_.sum_of_squares(p, n);
    }
    template <int H, class Unit>
    void units(const Unit& unit, std::size_t columns) {
        Vault::Open open;
        backend_.template units<H>(unit, columns);
    }
    template <class Element>
    void elements(const Element& element, std::size_t n) {
        Vault::Open open;
        backend_.elements(element, n);
    }
    template <class Column>
    void columns(const Column& column, std::size_t n) {
        Vault::Open open;
        backend_.columns(column, n);
    }

private:
    B backend_;
};
