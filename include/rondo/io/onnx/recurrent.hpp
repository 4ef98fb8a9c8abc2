// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "cell.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// An error if a shape is not (directions, batch, hidden), or, in the other layout, (batch, directions, hidden).
inline std::string onnx_state_shape(const std::vector<OnnxDim>& shape, std::int64_t layout, std::size_t directions,
                                    std::size_t hidden) {
    const auto other = [](const OnnxDim& dim, std::size_t expected) {
        return dim.known() && dim.times != std::int64_t(expected);
    };
    if (shape.size() == 3 && !other(shape[layout == 0 ? 0 : 1], directions) && !other(shape[2], hidden)) return {};
    std::string text;
    for (const OnnxDim& dim : shape) (text += text.empty() ? "" : ",") += dim.known() ? std::to_string(dim.times) : "?";
    const std::string d = std::to_string(directions), h = std::to_string(hidden);
    return "has the shape [" + text + "]; expected [" + (layout == 0 ? d + ",batch," : "batch," + d + ",") + h + "]";
}

/// Adds the initial state, directions x hidden, if it is a constant; a graph input is provided by the caller at
/// inference.
inline std::string onnx_first_state(OnnxWalk& walk, const OnnxFlow& x, std::string_view name, std::int64_t layout,
                                    std::size_t directions, std::size_t hidden, std::vector<double>& first) {
    const std::size_t begin = first.size(), count = directions * hidden;
    first.resize(begin + count);
    const auto value = walk.find(name);
    const auto* given = value ? std::get_if<OnnxGiven>(&*value) : nullptr;
    if (given && range::find(given->inputs, x.input) != given->inputs.end())
        return "its first state is computed from the data";
    if (name.empty() || given) return {};
    if (!value) return "it reads " + quoted(name) + ", which nothing before it writes";
    const auto called = "its first state " + quoted(name) + ' ';
    if (const auto* flow = std::get_if<OnnxFlow>(&*value)) {
        if (!flow->is_input() || flow->input == x.input) return "its first state is computed from the data";
        const std::string problem = onnx_state_shape(flow->shape(), layout, directions, hidden);
        return problem.empty() ? "" : called + problem;
    }
    if (const auto* fill = std::get_if<OnnxFill>(&*value)) {
        std::fill(first.begin() + std::ptrdiff_t(begin), first.end(), fill->number);
        const std::string problem = fill->shape ? onnx_state_shape(*fill->shape, layout, directions, hidden) : "";
        return problem.empty() ? "" : called + problem;
    }
    const auto* constant = std::get_if<OnnxConstant>(&*value);
    if (!constant) return called + "is no tensor";
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(*constant, tensor); !problem.empty()) return problem;
    const std::size_t along = layout == 0 ? 0 : 1, rows = tensor.dims[along], batch = tensor.dims[1 - along];
    std::vector<OnnxDim> shape;
    for (std::size_t k = 0; k < tensor.rank; ++k) shape.push_back({std::int64_t(tensor.dims[k])});
    if (std::string problem = onnx_state_shape(shape, layout, directions, hidden); !problem.empty())
        return called + problem;
    if (!tensor.real() || batch == 0) return called + "has no numbers";
    const auto numbers = onnx_numbers<double>(tensor);
    for (std::size_t d = 0; d < directions; ++d)
        for (std::size_t b = 0; b < batch; ++b)
            for (std::size_t k = 0; k < hidden; ++k) {
                const std::size_t row = along == 0 ? d * batch + b : b * rows + d;
                double& to_number = first[begin + d * hidden + k];
                if (b > 0 && numbers[row * hidden + k] != to_number)
                    return "its first state differs between sequences; expected one for all of them, or an input of "
                           "the graph, which is the caller's";
                to_number = numbers[row * hidden + k];
            }
    return {};
}

/// `given`: whether the lengths are a graph input, and become those of the Extent. Constant lengths must equal the
/// number of steps; if that number is dynamic, they must be equal to each other, since the file can then run on no
/// other number.
inline std::string onnx_lengths(OnnxWalk& walk, const OnnxFlow& x, std::string_view name, OnnxDim steps, bool& given) {
    const auto value = walk.find(name);
    const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
    given =
        value && (std::holds_alternative<OnnxGiven>(*value) || (flow && flow->is_input() && flow->input != x.input));
    if (given || name.empty()) return {};
    std::vector<OnnxDim> lengths;
    if (const auto extents = walk.extents(name)) {
        lengths = extents->dims;
    } else {
        OnnxTensor tensor;
        if (std::string problem = walk.tensor(name, tensor); !problem.empty() || tensor.real() || tensor.rank != 1)
            return quoted(name) + " is neither an input of the graph nor a list of whole numbers";
        for (const std::int64_t length : onnx_numbers<std::int64_t>(tensor)) lengths.push_back({length});
    }
    if (!steps.known() && !lengths.empty() && lengths[0].known() && lengths[0].times > 0) steps = lengths[0];
    const auto other = range::find_if(lengths, [&](const OnnxDim& length) { return length != steps; });
    if (other == lengths.end()) return {};
    const auto count = [](const OnnxDim& dim) { return dim.known() ? std::to_string(dim.times) : "an open number of"; };
    return "asks for " + count(*other) + " of " + count(steps) + " steps; expected all of them, or an input of the " +
           "graph, whose lengths are the caller's";
}

/// The error if a tensor does not have the expected shape.
inline std::string onnx_shape_problem(const char* what, const OnnxTensor& tensor,
                                      std::initializer_list<std::size_t> expected) {
    OnnxTensor right;
    for (const std::size_t extent : expected) right.dims[right.rank++] = extent;
    if (range::equal(std::span{tensor.dims}.first(tensor.rank), expected)) return {};
    return std::string{what} + ": expected " + right.shape() + ", got " + tensor.shape();
}

/// Reads the peepholes; none if they are zero, which has no effect.
inline std::string onnx_read_peepholes(OnnxWalk& walk, std::string_view name, std::size_t directions,
                                       std::size_t hidden, std::vector<double>& peepholes) {
    if (name.empty()) return {};
    if (const auto fill = walk.find_as<OnnxFill>(name); fill && fill->number == 0) return {};
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(name, tensor); !problem.empty()) return "P: " + problem;
    if (tensor.real() && range::all_of(onnx_numbers<double>(tensor), [](double n) { return n == 0; })) return {};
    if (std::string problem = onnx_shape_problem("P", tensor, {directions, 3 * hidden}); !problem.empty())
        return problem;
    if (std::string problem = walk.numbers(tensor, peepholes); !problem.empty()) return "P: " + problem;
    return {};
}

/// RNN, LSTM, GRU, with the outputs Y, Y_h and Y_c.
inline std::string onnx_recurrent(OnnxWalk& walk, const OnnxNode& node) {
    LayerFacts facts;
    if (std::string problem = onnx_cell(node, facts); !problem.empty()) return problem;
    const LayerKind kind = facts.kind;
    const auto directions = static_cast<std::size_t>(facts.directions);
    const std::int64_t layout = node.whole("layout", 0);
    if (layout != 0 && layout != 1) return "its layout is " + std::to_string(layout);
    const auto gates = static_cast<std::size_t>(gates_of(kind));

    OnnxFlow x;
    if (std::string problem = walk.features(node, node.input(0), x); !problem.empty()) return problem;
    if (x.rank != 3) return "its input has " + std::to_string(x.rank) + " axes; expected 3";
    const auto steps = x.axes[layout == 0 ? 0 : 1], batch = x.axes[layout == 0 ? 1 : 0];
    const bool known = steps.count <= 1 && batch.count <= 1 && !steps.has(OnnxFlow::parts) &&
                       !batch.has(OnnxFlow::parts) && !steps.has(OnnxFlow::features) && !batch.has(OnnxFlow::features);
    if (!known || (x.time && (batch.has(*x.time) || (steps.count == 1 && !steps.is({*x.time})))))
        return "its axis of steps is not that of the layers before it";
    if (x.flipped && directions == 2) return "it reads the steps from the last one to the first, in both directions";
    facts.reversed = facts.reversed != x.flipped;

    OnnxTensor w, r, b;
    std::vector<double> input_weights, recurrent_weights, biases;
    if (std::string problem = walk.tensor(node.input(1), w); !problem.empty()) return "W: " + problem;
    if (std::string problem = walk.tensor(node.input(2), r); !problem.empty()) return "R: " + problem;
    const std::size_t hidden = r.rank == 3 ? r.dims[2] : 0, rows = gates * hidden,
                      in = static_cast<std::size_t>(x.feature_count());
    constexpr std::size_t most = onnx_most_extent;
    if (hidden == 0 || (std::max)(hidden, in) > most)
        return "R: expected [directions,gates hidden,hidden], got " + r.shape();
    if (std::string problem = onnx_shape_problem("R", r, {directions, rows, hidden}); !problem.empty()) return problem;
    if (std::string problem = onnx_shape_problem("W", w, {directions, rows, in}); !problem.empty()) return problem;
    if (const auto told = node.whole("hidden_size", std::int64_t(hidden)); told != std::int64_t(hidden))
        return "its hidden_size is " + std::to_string(told) + ", but R says " + std::to_string(hidden);
    if (std::string problem = walk.numbers(w, input_weights); !problem.empty()) return "W: " + problem;
    if (std::string problem = walk.numbers(r, recurrent_weights); !problem.empty()) return "R: " + problem;
    facts.bias = !node.input(3).empty();
    if (facts.bias) {
        if (std::string problem = walk.tensor(node.input(3), b); !problem.empty()) return "B: " + problem;
        if (std::string problem = onnx_shape_problem("B", b, {directions, 2 * rows}); !problem.empty()) return problem;
        if (std::string problem = walk.numbers(b, biases); !problem.empty()) return "B: " + problem;
    }

    bool given = false;
    if (std::string problem = onnx_lengths(walk, x, node.input(4), x.extent(steps), given); !problem.empty())
        return "its sequence_lens " + problem;
    if (given && x.flipped) return "its steps are from the last one to the first, and it is given sequence_lens";
    if (steps.count == 1 && x.time && x.recurrent && x.lengths != given)
        return std::string{given ? "it is given sequence_lens, but the layers before it are not"
                                 : "it is given no sequence_lens, but the layers before it are"};
    std::vector<double> first;
    for (std::size_t k = 0; k < std::size_t(components_of(kind)); ++k) {
        if (std::string problem = walk.keep(directions * hidden); !problem.empty()) return problem;
        if (std::string problem = onnx_first_state(walk, x, node.input(5 + k), layout, directions, hidden, first);
            !problem.empty())
            return problem;
    }
    if (range::all_of(first, [](double number) { return number == 0; })) first.clear();
    std::vector<double> peepholes;
    if (std::string problem = onnx_read_peepholes(walk, node.input(7), directions, hidden, peepholes); !problem.empty())
        return problem;
    facts.variant.peepholes = !peepholes.empty();

    std::vector<Array> arrays;
    for (std::size_t d = 0; d < directions; ++d) {
        const auto part = [&](const std::vector<double>& all, std::size_t index, std::size_t columns) {
            const std::size_t size = rows * columns;
            return gates_from_onnx(std::span{all}.subspan(index * size, size), onnx_gates(facts), hidden, columns);
        };
        arrays.push_back(part(input_weights, d, in));
        arrays.push_back(part(recurrent_weights, d, hidden));
        if (facts.bias) {
            arrays.push_back(part(biases, 2 * d, 1));
            arrays.push_back(part(biases, 2 * d + 1, 1));
        }
        if (facts.variant.peepholes)
            arrays.push_back(gates_from_onnx(std::span{peepholes}.subspan(d * 3 * hidden, 3 * hidden),
                                             onnx_peepholes(facts), hidden, 1));
    }
    facts.input = int(in);
    facts.output = int(hidden);
    const auto id =
        walk.append(node, x.list[0].layer, facts, std::uint8_t(directions), std::move(arrays), std::move(first));
    OnnxFlow y = x;
    if (steps.count == 1) y.time = steps.atoms[0], y.lengths = given;
    y.recurrent = true;
    y.sizes[OnnxFlow::parts] = {std::int64_t(directions)};
    y.sizes[OnnxFlow::features] = {std::int64_t(hidden)};
    const auto result = [&](std::size_t output, OnnxPart::What what) {
        if (output >= node.outputs.size() || node.outputs[output].empty()) return;
        OnnxFlow flow = y;
        flow.axes = {};
        flow.rank = 0;
        flow.list.clear();
        for (std::size_t d = 0; d < directions; ++d) flow.list.push_back({id, std::uint8_t(d), what});
        flow.flipped = y.flipped && what == OnnxPart::steps;
        const auto add = [&](const OnnxFlow::Axis& axis) { flow.axes[flow.rank++] = axis; };
        if (layout == 1) add(batch);
        if (what == OnnxPart::steps) add(steps);
        flow.add_axis({OnnxFlow::parts});
        if (layout == 0) add(batch);
        flow.add_axis({OnnxFlow::features});
        flow.settle();
        walk.values.emplace(node.outputs[output], std::move(flow));
    };
    result(0, OnnxPart::steps);
    result(1, OnnxPart::end);
    result(2, OnnxPart::memory);
    return {};
}

} // namespace rondo::io::detail
