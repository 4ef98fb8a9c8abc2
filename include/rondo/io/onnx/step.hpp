// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "select.hpp"
#include "term.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Interprets one step of a loop, node by node. Functions return an error message, empty on success.
struct OnnxStep {
    OnnxWalk& walk;
    std::map<std::string_view, OnnxConstant> constants{}; // of the loop's body
    std::map<std::string_view, std::string_view> outer{}; // inputs of the body that are extents of the outer graph
    std::map<std::string_view, std::size_t> names{};      // terms by name
    std::vector<OnnxTerm> terms{};
    std::string_view data{};            // the tensor whose steps are the inputs
    OnnxDim steps{};                    // their number
    std::optional<std::size_t> input{}; // the term that is the input of a step
    bool large = false;                 // the file's limit of elements is exceeded

    std::size_t add(OnnxTerm term) {
        if (!walk.keep(term.bias.size() + 1).empty()) large = true;
        terms.push_back(std::move(term));
        return terms.size() - 1;
    }
    /// A term, or a matrix of the file.
    std::optional<std::size_t> find(std::string_view name) {
        if (const auto found = names.find(name); found != names.end()) return found->second;
        OnnxTensor tensor;
        const auto own = constants.find(name);
        std::string problem = own != constants.end() ? walk.tensor(own->second, tensor) : walk.tensor(name, tensor);
        if (!problem.empty() || tensor.rank > 2 || tensor.size == 0 || !walk.keep(tensor.size).empty())
            return std::nullopt;
        const std::size_t columns = tensor.rank == 0 ? 1 : tensor.dims[tensor.rank - 1];
        OnnxTerm term{.kind = OnnxTerm::matrix, .size = columns};
        if (tensor.real()) {
            term.constant.numbers = std::make_shared<const std::vector<double>>(onnx_numbers<double>(tensor));
        } else {
            const auto whole = onnx_numbers<std::int64_t>(tensor);
            term.constant.numbers = std::make_shared<const std::vector<double>>(whole.begin(), whole.end());
        }
        term.constant.rows = tensor.size / columns;
        term.constant.columns = term.constant.stride = columns;
        return names[name] = add(std::move(term));
    }
    std::optional<std::vector<std::int64_t>> wholes(const OnnxNode& node, const char* attribute, std::size_t at) {
        if (const auto found = node.find(attribute)) return found->wholes;
        if (node.input(at).empty()) return std::nullopt;
        const auto found = find(node.input(at));
        if (!found || terms[*found].kind != OnnxTerm::matrix || terms[*found].constant.rows != 1) return std::nullopt;
        std::vector<std::int64_t> all;
        for (std::size_t k = 0; k < terms[*found].size; ++k) {
            const double number = terms[*found].constant.at(0, k);
            if (!(number >= -9e15 && number <= 9e15)) all.push_back(number > 0 ? OnnxRange::all : -OnnxRange::all);
            else all.push_back(std::int64_t(number));
        }
        return all;
    }

    std::string run(const OnnxNode& node) {
        const std::string_view op = node.op;
        if (large) return "the steps have more numbers than the file";
        if (op == "Cast" && !names.contains(node.input(0)) && extents_of(node.input(0)) && !node.outputs.empty()) {
            const auto found = outer.find(node.input(0)); // the number of steps
            outer.emplace(node.outputs[0], found == outer.end() ? node.input(0) : found->second);
            return {};
        }
        if (op == "Constant") return constant(node);
        if (op == "Gather") return gather(node);
        const auto first = find(node.input(0)), second = node.inputs.size() > 1 ? find(node.input(1)) : first;
        if (op == "Less") return less(node, first);
        if (!first) return "it reads " + quoted(node.input(0)) + ", which is not known";
        const std::size_t a = *first, b = second.value_or(a);
        const auto one = [&](OnnxTerm::Kind kind) {
            if (!is_features(a)) return std::string{"it does not read features"};
            give(node, 0, add({.kind = kind, .size = terms[a].size, .a = a}));
            return std::string{};
        };
        if (op == "Identity" || op == "Cast") return give(node, 0, a), "";
        if (op == "Squeeze" || op == "Unsqueeze")
            return terms[a].kind == OnnxTerm::matrix ? (give(node, 0, a), "") : "it moves the axes of a step";
        if (op == "Sigmoid") return one(OnnxTerm::sigmoid);
        if (op == "Tanh") return one(OnnxTerm::tanh);
        if (op == "Relu") return one(OnnxTerm::relu);
        if (op == "Slice") return slice(node, a);
        if (op == "Split") return split(node, a);
        if (!second) return "it reads " + quoted(node.input(1)) + ", which is not known";
        if (op == "And") return both(a, b, OnnxTerm::truth) ? (give(node, 0, a), "") : "it reads what is no condition";
        if (op == "Add") return plus(node, a, b);
        if (op == "MatMul" || op == "Gemm") return matmul(node, a, b);
        const bool alike = is_features(a) && is_features(b) && terms[a].size == terms[b].size;
        if (op == "Mul" && alike)
            return give(node, 0, add({.kind = OnnxTerm::product, .size = terms[a].size, .a = a, .b = b})), "";
        if (op == "Sub" && is_one(a) && is_features(b))
            return give(node, 0, add({.kind = OnnxTerm::rest, .size = terms[b].size, .a = b})), "";
        return "it is no operator of a cell that Rondo has";
    }

private:
    void give(const OnnxNode& node, std::size_t output, std::size_t term) {
        if (output < node.outputs.size() && !node.outputs[output].empty()) names[node.outputs[output]] = term;
    }
    bool is_features(std::size_t term) const { return terms[term].kind >= OnnxTerm::input; }
    bool is_one(std::size_t term) const {
        const OnnxTerm& t = terms[term];
        return t.kind == OnnxTerm::matrix && t.constant.rows == 1 && t.size == 1 && t.constant.at(0, 0) == 1;
    }
    bool both(std::size_t a, std::size_t b, OnnxTerm::Kind kind) const {
        return terms[a].kind == kind && terms[b].kind == kind;
    }
    std::string constant(const OnnxNode& node) {
        const auto value = node.find("value");
        if (!value || !value->tensor || node.outputs.empty()) return "its value is no tensor";
        constants.emplace(node.outputs[0], OnnxConstant{*value->tensor});
        return {};
    }
    /// Gather of the data at the count: the input of this step.
    std::string gather(const OnnxNode& node) {
        const auto at = find(node.input(1));
        if (!at || terms[*at].kind != OnnxTerm::count || terms[*at].whole != 0 || node.whole("axis", 0) != 0)
            return "it picks something else than the step of its count";
        OnnxFlow x;
        if (!data.empty() && data != node.input(0)) return "it reads more than one sequence";
        if (std::string problem = walk.features(node, node.input(0), x); !problem.empty()) return problem;
        if (x.rank != 3 || x.extent(x.axes[0]) != steps) return "it reads " + quoted(node.input(0)) + " in other steps";
        data = node.input(0);
        if (!input) input = add({.kind = OnnxTerm::input, .size = std::size_t(x.feature_count())});
        return give(node, 0, *input), "";
    }
    /// Less of the count and the number of steps: true in each step.
    std::string less(const OnnxNode& node, std::optional<std::size_t> count) {
        if (!count || terms[*count].kind != OnnxTerm::count || terms[*count].whole < 0 || terms[*count].whole > 1)
            return "it compares something else than the count of steps";
        const auto limit = extents_of(node.input(1));
        const auto own = find_whole(node.input(1));
        if (!(limit && limit->dims.size() == 1 && limit->dims[0] == steps) && !(own && steps.is(*own)))
            return "it compares the count with something else than the number of steps";
        return give(node, 0, add({.kind = OnnxTerm::truth})), "";
    }
    std::optional<OnnxExtents> extents_of(std::string_view name) {
        const auto found = outer.find(name);
        if (names.contains(name) || constants.contains(name)) return std::nullopt;
        return walk.extents(found == outer.end() ? name : found->second);
    }
    std::optional<std::int64_t> find_whole(std::string_view name) {
        const auto found = find(name);
        if (!found || terms[*found].kind != OnnxTerm::matrix || terms[*found].constant.numbers->size() != 1)
            return std::nullopt;
        const double number = terms[*found].constant.at(0, 0);
        return number >= 0 && number < 1e9 ? std::optional{std::int64_t(number)} : std::nullopt;
    }
    OnnxTerm part(const OnnxTerm& whole, std::size_t begin, std::size_t size) const {
        OnnxTerm result = whole;
        result.size = size;
        if (whole.kind == OnnxTerm::matrix) {
            result.constant.begin += begin;
            result.constant.columns = size;
            return result;
        }
        for (OnnxTerm::Product& product : result.products) {
            product.weights.begin += begin;
            product.weights.columns = size;
        }
        const auto from = whole.bias.begin() + std::ptrdiff_t(begin);
        result.bias.assign(from, from + std::ptrdiff_t(size));
        return result;
    }
    /// Rows or columns of a matrix, or some of the features of a product.
    std::string slice(const OnnxNode& node, std::size_t a) {
        const auto begins = wholes(node, "starts", 1), ends = wholes(node, "ends", 2), axes = wholes(node, "axes", 3),
                   strides = wholes(node, "steps", 4);
        if (!begins || !ends || !axes || begins->size() != axes->size() || ends->size() != axes->size() ||
            (strides && range::any_of(*strides, [](std::int64_t stride) { return stride != 1; })))
            return "its range is not known";
        OnnxTerm term = terms[a];
        if (term.kind != OnnxTerm::matrix && term.kind != OnnxTerm::linear) return "it takes some features of a step";
        for (std::size_t k = 0; k < axes->size(); ++k) {
            const OnnxRange range{(*begins)[k], (*ends)[k]};
            const bool of_rows = (*axes)[k] == 0 && (term.kind == OnnxTerm::linear || term.constant.rows > 1),
                       columns = (*axes)[k] == 1 || (*axes)[k] == -1 || (*axes)[k] == 0;
            if (of_rows && term.kind == OnnxTerm::linear) {
                if (range.from != 0 || range.to < OnnxRange::all) return "it takes some of the sequences";
            } else if (of_rows) {
                const auto [begin, count] = range.within(term.constant.rows);
                term.constant.begin += begin * term.constant.stride;
                term.constant.rows = count;
            } else if (columns) {
                const auto [begin, count] = range.within(term.size);
                term = part(term, begin, count);
            } else {
                return "it slices another axis than the features";
            }
            if (term.size == 0 || (term.kind == OnnxTerm::matrix && term.constant.rows == 0)) return "it takes nothing";
        }
        return give(node, 0, add(std::move(term))), "";
    }
    std::string split(const OnnxNode& node, std::size_t a) {
        const std::int64_t axis = node.whole("axis", 0);
        const OnnxTerm whole = terms[a];
        const bool rows = axis == 0 && whole.kind == OnnxTerm::matrix && whole.constant.rows > 1;
        if ((whole.kind != OnnxTerm::matrix && whole.kind != OnnxTerm::linear) ||
            (!rows && axis != 1 && axis != -1 && whole.kind == OnnxTerm::linear))
            return "it divides another axis than the features";
        const std::size_t all = rows ? whole.constant.rows : whole.size, outputs = node.outputs.size();
        auto sizes = wholes(node, "split", 1);
        if (!sizes && outputs > 0 && all % outputs == 0) sizes.emplace(outputs, std::int64_t(all / outputs));
        std::size_t begin = 0;
        if (!sizes || sizes->size() != outputs) return "its parts are not known";
        for (std::size_t k = 0; k < outputs; ++k) {
            const auto size = std::size_t(std::clamp<std::int64_t>((*sizes)[k], 0, std::int64_t(all)));
            if (size == 0 || size > all - begin) return "its parts are more than there is";
            OnnxTerm one = whole;
            if (rows) {
                one.constant.begin += begin * one.constant.stride;
                one.constant.rows = size;
            } else {
                one = part(whole, begin, size);
            }
            give(node, k, add(std::move(one)));
            begin += size;
        }
        return {};
    }
    /// MatMul, and Gemm with a bias.
    std::string matmul(const OnnxNode& node, std::size_t a, std::size_t b) {
        const auto is_one = [&](const char* factor) {
            const auto found = node.find(factor);
            return !found || found->real == 1;
        };
        if (node.whole("transA", 0) != 0 || !is_one("alpha") || !is_one("beta")) return "it is not x W + b";
        OnnxMatrix weights = terms[b].constant;
        if (node.whole("transB", 0) != 0 && terms[b].kind == OnnxTerm::matrix) weights = transposed(weights);
        if (terms[a].kind == OnnxTerm::state && terms[a].size == 0 && terms[b].kind == OnnxTerm::matrix)
            terms[a].size = weights.rows; // its size is known from the first matrix it is multiplied by
        if (!is_features(a) || terms[b].kind != OnnxTerm::matrix || weights.rows != terms[a].size)
            return "it multiplies other things than features by a matrix of as many rows";
        OnnxTerm term{.kind = OnnxTerm::linear, .size = weights.columns};
        term.products.push_back({a, std::move(weights)});
        term.bias.resize(term.size);
        const std::size_t product = add(std::move(term));
        if (node.op != "Gemm" || node.input(2).empty()) return give(node, 0, product), "";
        const auto bias = find(node.input(2));
        return bias ? plus(node, product, *bias) : "it reads " + quoted(node.input(2)) + ", which is not known";
    }
    OnnxMatrix transposed(const OnnxMatrix& x) {
        std::vector<double> numbers;
        for (std::size_t column = 0; column < x.columns; ++column)
            for (std::size_t row = 0; row < x.rows; ++row) numbers.push_back(x.at(row, column));
        if (!walk.keep(numbers.size()).empty()) large = true;
        return {std::make_shared<const std::vector<double>>(std::move(numbers)), x.columns, x.rows, x.rows, 0};
    }
    std::string plus(const OnnxNode& node, std::size_t a, std::size_t b) {
        if (terms[a].kind == OnnxTerm::count || terms[b].kind == OnnxTerm::count) {
            if (terms[a].kind != OnnxTerm::count) std::swap(a, b);
            if (!is_one(b)) return "it counts by something else than 1";
            OnnxTerm term = terms[a];
            ++term.whole;
            return give(node, 0, add(std::move(term))), "";
        }
        if (terms[a].kind == OnnxTerm::matrix) std::swap(a, b);
        const OnnxTerm &x = terms[a], &y = terms[b];
        if (!is_features(a) || x.size != y.size) return "it adds other things than features of one size";
        const bool bias = y.kind == OnnxTerm::matrix;
        if (bias && y.constant.rows != 1) return "it adds a matrix";
        if (x.kind != OnnxTerm::linear || (!bias && y.kind != OnnxTerm::linear)) {
            if (bias) return "it adds numbers to what is not a product";
            return give(node, 0, add({.kind = OnnxTerm::sum, .size = x.size, .a = a, .b = b})), "";
        }
        constexpr std::size_t most = 4; // products of the input and of the state
        if (!bias && x.products.size() + y.products.size() > most) return "it adds more than 4 products";
        OnnxTerm all = x;
        all.products.insert(all.products.end(), y.products.begin(), y.products.end());
        for (std::size_t k = 0; k < all.size; ++k) all.bias[k] += bias ? y.constant.at(0, k) : y.bias[k];
        return give(node, 0, add(std::move(all))), "";
    }
};

} // namespace rondo::io::detail
