// SPDX-License-Identifier: MIT
#include "golden.hpp"

#include "data.hpp"
#include "report.hpp"

#include <rondo/io/safetensors.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>

namespace {

using File = std::map<std::string, Golden::Numbers, std::less<>>;

template <class T>
std::vector<double> numbers(std::span<const std::byte> bytes) {
    std::vector<T> all(bytes.size() / sizeof(T));
    if (!all.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
    return {all.begin(), all.end()};
}

File read(const std::string& name) {
    using rondo::io::DType;
    const rondo::io::SafetensorsFile file{test_data() / "golden" / (name + ".safetensors")};
    File all;
    for (const auto& tensor : file.tensors()) {
        const bool real = tensor.dtype == DType::F64;
        if (!real && tensor.dtype != DType::I32)
            throw std::runtime_error{name + ": " + tensor.name + " is neither F64 nor I32"};
        const auto bytes = file.bytes(tensor);
        all[tensor.name] = {tensor.shape, real ? numbers<double>(bytes) : numbers<std::int32_t>(bytes)};
    }
    return all;
}

const File& file_named(const std::string& name) {
    static std::map<std::string, File> files;
    const auto known = files.find(name);
    return known != files.end() ? known->second : files.emplace(name, read(name)).first->second;
}

// A number that is not finite has an infinite difference to every other.
double difference(double got, double expected) {
    if (got == expected) return 0;
    const double apart = std::abs(got - expected) / std::max(1.0, std::abs(expected));
    return std::isfinite(apart) ? apart : std::numeric_limits<double>::infinity();
}

} // namespace

Golden::Golden(std::string_view file, std::string_view name) : file_{file}, name_{std::string{name} + "/"} {
    if (names().empty()) throw std::runtime_error{file_ + " has no case " + name_};
}

std::vector<std::string> Golden::names(std::string_view prefix) const {
    const std::string begin = name_ + std::string{prefix};
    const File& all = file_named(file_);
    std::vector<std::string> found;
    for (auto tensor = all.lower_bound(begin); tensor != all.end() && tensor->first.starts_with(begin); ++tensor)
        found.push_back(tensor->first.substr(begin.size()));
    return found;
}

bool Golden::has(std::string_view name) const { return file_named(file_).contains(name_ + std::string{name}); }

const Golden::Numbers& Golden::operator[](std::string_view name) const {
    const File& all = file_named(file_);
    const auto found = all.find(name_ + std::string{name});
    if (found == all.end()) throw std::runtime_error{file_ + " has no tensor " + name_ + std::string{name}};
    return found->second;
}

template <class S>
std::vector<S> Golden::parameters(std::span<const rondo::ParameterSpec> tensors) const {
    EXPECT_EQ(names("parameters/").size(), tensors.size());
    std::vector<S> buffer;
    for (const rondo::ParameterSpec& t : tensors) {
        const Numbers& from = (*this)["parameters/" + std::string{t.name.view()}];
        const auto shape = t.shape();
        EXPECT_EQ(from.shape, std::vector(shape.begin(), shape.begin() + t.rank)) << t.name.view();
        buffer.resize(std::max(buffer.size(), t.offset + rondo::padded(t.size())));
        for (std::size_t k = 0; k < t.size(); ++k) buffer[t.offset + k] = S(from.values.at(k));
    }
    return buffer;
}

template <class S>
void Golden::expect(std::string_view name, const S* got, double times) const {
    const std::vector<double>& expected = (*this)[name].values;
    double largest = 0;
    std::size_t where = 0;
    for (std::size_t k = 0; k < expected.size(); ++k)
        if (const double apart = difference(double(got[k]), times * expected[k]); apart > largest)
            largest = apart, where = k;
    report(largest);
    EXPECT_LE(largest, tolerance<S>) << name_ << name << "[" << where << "] is " << got[where] << ", expected "
                                     << times * expected[where];
}

template <class S>
void Golden::expect(std::string_view name, const std::vector<S>& got, double times) const {
    ASSERT_EQ(got.size(), (*this)[name].values.size()) << name_ << name;
    expect(name, got.data(), times);
}

template <class S>
void Golden::expect_gradients(std::span<const rondo::ParameterSpec> tensors, const std::vector<S>& got,
                              double times) const {
    EXPECT_EQ(names("grad/").size(), tensors.size());
    std::vector<S> rest = got;
    for (const rondo::ParameterSpec& t : tensors) {
        ASSERT_LE(t.offset + t.size(), got.size());
        expect("grad/" + std::string{t.name.view()}, got.data() + t.offset, times);
        std::fill_n(rest.begin() + std::ptrdiff_t(t.offset), t.size(), S(0));
    }
    EXPECT_EQ(rest, std::vector<S>(rest.size())) << "between the tensors";
}

template std::vector<float> Golden::parameters(std::span<const rondo::ParameterSpec>) const;
template std::vector<double> Golden::parameters(std::span<const rondo::ParameterSpec>) const;
template void Golden::expect(std::string_view, const float*, double) const;
template void Golden::expect(std::string_view, const double*, double) const;
template void Golden::expect(std::string_view, const std::vector<float>&, double) const;
template void Golden::expect(std::string_view, const std::vector<double>&, double) const;
template void Golden::expect_gradients(std::span<const rondo::ParameterSpec>, const std::vector<float>&, double) const;
template void Golden::expect_gradients(std::span<const rondo::ParameterSpec>, const std::vector<double>&, double) const;
