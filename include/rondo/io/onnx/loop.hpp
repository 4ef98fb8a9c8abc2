// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "recurrent.hpp"
#include "step.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A pattern that recognizes a step of a cell, which computes h' from its input x and its state h.
///
///   RNN, ReluRNN     h' = tanh(a), relu(a)
///   GRU              h' = z h + (1 - z) tanh(a_x + r a_h),  z = sigmoid(a), r = sigmoid(a)
///   GRUResetBefore   h' = z h + (1 - z) tanh(W x + U (r h) + b)
///
/// where a = W x + U h + b with different W, U and b in each place; a_x depends on x only and a_h on h only.
struct OnnxStepCell {
    struct Gate {
        std::optional<OnnxMatrix> input{}, recurrent{};
        std::vector<double> bias{}, recurrent_bias{};
    };
    const OnnxStep& step;
    std::size_t state;
    LayerKind kind = LayerKind::other;
    std::vector<Gate> gates{}; // for a GRU r, z, n

    bool find(std::size_t next) {
        const OnnxTerm& all = term(next);
        if (all.kind == OnnxTerm::tanh || all.kind == OnnxTerm::relu) {
            kind = all.kind == OnnxTerm::tanh ? LayerKind::RNN : LayerKind::ReluRNN;
            gates.resize(1);
            return gate(all.a, state, gates[0]);
        }
        if (all.kind != OnnxTerm::sum) return false;
        return find_gru(all.a, all.b) || find_gru(all.b, all.a);
    }

private:
    const OnnxTerm& term(std::size_t id) const { return step.terms[id]; }

    /// Whether the terms are z h and (1 - z) n of a GRU.
    bool find_gru(std::size_t kept, std::size_t fresh) {
        std::size_t z = 0, h = 0, rest = 0, n = 0, r = 0, other = 0;
        gates.assign(3, {});
        if (!factors(kept, OnnxTerm::sigmoid, z, h) || h != state || !factors(fresh, OnnxTerm::rest, rest, n) ||
            term(rest).a != z || term(n).kind != OnnxTerm::tanh || !gate(term(z).a, state, gates[1]))
            return false;
        const OnnxTerm& inner = term(term(n).a);
        if (inner.kind == OnnxTerm::linear) {
            kind = LayerKind::GRUResetBefore;
            const auto of_product = [&](const OnnxTerm::Product& product) {
                return term(product.of).kind == OnnxTerm::product;
            };
            const auto found = range::find_if(inner.products, of_product);
            return found != inner.products.end() && factors(found->of, OnnxTerm::sigmoid, r, h) && h == state &&
                   gate(term(n).a, found->of, gates[2]) && gate(term(r).a, state, gates[0]);
        }
        kind = LayerKind::GRU;
        if (inner.kind != OnnxTerm::sum) return false;
        for (const auto& [alone, product] : {std::pair{inner.a, inner.b}, std::pair{inner.b, inner.a}}) {
            Gate of_input, of_state;
            if (term(product).kind != OnnxTerm::product || !factors(product, OnnxTerm::sigmoid, r, other) ||
                !gate(alone, {}, of_input) || !gate(other, state, of_state) || !of_input.input || of_state.input ||
                !of_state.recurrent)
                continue;
            gates[2] = {of_input.input, of_state.recurrent, of_input.bias, of_state.bias};
            return gate(term(r).a, state, gates[0]);
        }
        return false;
    }
    /// The two factors of a product, of which the first has the given kind.
    bool factors(std::size_t id, OnnxTerm::Kind kind_of_first, std::size_t& one, std::size_t& other) const {
        const OnnxTerm& product = term(id);
        if (product.kind != OnnxTerm::product) return false;
        one = product.a, other = product.b;
        if (term(one).kind != kind_of_first) std::swap(one, other);
        return term(one).kind == kind_of_first;
    }
    /// Matches W x + U h + b, where h is the term `of`.
    bool gate(std::size_t id, std::optional<std::size_t> of, Gate& result) const {
        const OnnxTerm& all = term(id);
        if (all.kind != OnnxTerm::linear) return false;
        result.bias = all.bias;
        for (const OnnxTerm::Product& product : all.products) {
            auto& place = step.input && product.of == *step.input ? result.input : result.recurrent;
            if (place || (&place == &result.recurrent && (!of || product.of != *of))) return false;
            place = product.weights;
        }
        return true;
    }
};

/// The graph of a loop's body, whose initializers and nodes OnnxStep translates to terms.
struct OnnxBody {
    std::vector<Message> nodes;
    std::vector<std::string_view> inputs, outputs;
};
inline std::string read_onnx_body(Message graph, OnnxBody& body, OnnxStep& step) {
    std::string problem;
    const auto value = [&](Message message) {
        OnnxValueInfo info;
        if (std::string wrong = read_onnx_value_info(message, info); problem.empty()) problem = std::move(wrong);
        return info.name;
    };
    ProtobufReader reader{graph};
    while (reader.next()) switch (reader.field()) {
        case 1: body.nodes.push_back(reader.bytes()); break;
        case 5: {
            const Message tensor = reader.bytes();
            step.constants.emplace(onnx_tensor_name(tensor), OnnxConstant{tensor});
            break;
        }
        case 11: body.inputs.push_back(value(reader.bytes())); break;
        case 12: body.outputs.push_back(value(reader.bytes())); break;
        default: break;
        }
    return reader.ok() ? problem : "its body is no GraphProto: " + reader.problem();
}

/// The initial state of a loop: (batch, hidden).
inline std::string onnx_loop_state(OnnxWalk& walk, const OnnxFlow& x, std::string_view name, std::size_t hidden,
                                   std::vector<double>& first) {
    const auto value = walk.find(name);
    const auto* fill = value ? std::get_if<OnnxFill>(&*value) : nullptr;
    const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
    std::vector<OnnxDim> shape{OnnxDim{}};
    if (fill) {
        first.assign(hidden, fill->number);
        if (!fill->shape) return {};
        shape.insert(shape.end(), fill->shape->begin(), fill->shape->end());
    } else if (flow) {
        if (!flow->is_input() || flow->input == x.input) return "its first state is computed from the data";
        first.assign(hidden, 0);
        for (const OnnxDim& dim : flow->shape()) shape.push_back(dim);
    } else if (value && std::holds_alternative<OnnxGiven>(*value)) {
        return first.assign(hidden, 0), "";
    } else {
        return "its first state " + quoted(name) + " is neither one number nor an input of the graph";
    }
    const std::string problem = onnx_state_shape(shape, 0, 1, hidden);
    return problem.empty() ? "" : "its first state " + quoted(name) + ' ' + problem;
}

/// The arrays of a layer, from the gates of a loop's step.
inline std::string onnx_loop_arrays(OnnxWalk& walk, const OnnxStepCell& cell, std::size_t in, std::size_t hidden,
                                    std::vector<Array>& arrays) {
    const std::size_t rows = cell.gates.size() * hidden;
    if (std::string problem = walk.keep(rows * (in + hidden + 2)); !problem.empty()) return problem;
    arrays = {{rows, in, {}}, {rows, hidden, {}}, {rows, 1, {}}, {rows, 1, {}}};
    for (const OnnxStepCell::Gate& gate : cell.gates) {
        if (!gate.input || !gate.recurrent) return "a gate of its step reads no input, or no state";
        for (const auto& [matrix, columns, array] :
             {std::tuple{&*gate.input, in, &arrays[0]}, std::tuple{&*gate.recurrent, hidden, &arrays[1]}}) {
            if (matrix->rows != columns || matrix->columns != hidden) return "a matrix of its step is of another size";
            for (std::size_t row = 0; row < hidden; ++row)
                for (std::size_t k = 0; k < columns; ++k) array->values.push_back(matrix->at(k, row));
        }
        std::vector<double> none(hidden);
        const auto append = [&](Array& array, const std::vector<double>& bias) {
            const auto& all = bias.empty() ? none : bias;
            array.values.insert(array.values.end(), all.begin(), all.end());
        };
        append(arrays[2], gate.bias);
        append(arrays[3], gate.recurrent_bias);
    }
    return {};
}

/// Loop with a step of an RNN or GRU as its body, from the first to the last step of its data.
inline std::string onnx_loop(OnnxWalk& walk, const OnnxNode& node) {
    OnnxStep step{walk};
    OnnxBody body;
    const auto graph = node.find("body");
    if (!graph || !graph->graph) return "it has no body";
    if (std::string problem = read_onnx_body(*graph->graph, body, step); !problem.empty()) return problem;
    const auto steps = walk.extents(node.input(0)), begins = walk.extents(node.input(1));
    if (!steps || steps->dims.size() != 1) return "how often it runs is not known";
    if (!node.input(1).empty() && !(begins && begins->dims.size() == 1 && begins->dims[0].is(1)))
        return "whether it runs is not known";
    const std::size_t carried = body.inputs.size() < 2 ? 0 : body.inputs.size() - 2;
    if (body.inputs.size() < 2 || node.inputs.size() != carried + 2 || body.outputs.size() < carried + 1 ||
        node.outputs.size() > body.outputs.size() - 1)
        return "its body has another number of values than it";
    step.steps = steps->dims[0];

    // The loop-carried values: counts, states, and values that stay the same.
    step.names[body.inputs[0]] = step.add({.kind = OnnxTerm::count});
    step.names[body.inputs[1]] = step.add({.kind = OnnxTerm::truth});
    std::optional<std::size_t> state, place;
    for (std::size_t k = 0; k < carried; ++k) {
        const std::string_view inner = body.inputs[k + 2], outer = node.inputs[k + 2];
        const auto value = walk.find(outer);
        const bool real =
            value && (std::holds_alternative<OnnxFill>(*value) || std::holds_alternative<OnnxFlow>(*value) ||
                      std::holds_alternative<OnnxGiven>(*value));
        if (real) {
            if (state) return "it carries more than one state; expected a step of an RNN or GRU, without a mask";
            place = k;
            step.names[inner] = *(state = step.add({.kind = OnnxTerm::state}));
            continue;
        }
        const auto number = walk.extents(outer);
        if (number && number->scalar && number->dims[0].is(0) && body.outputs[k + 1] != inner) {
            step.names[inner] = step.add({.kind = OnnxTerm::count});
        } else if (number) {
            step.outer.emplace(inner, outer);
        } else if (const auto matrix = step.find(outer)) {
            step.names[inner] = *matrix;
        } else {
            return "it carries " + quoted(outer) + ", which is not known";
        }
    }
    if (!state) return "it carries no state";

    for (const Message& message : body.nodes) {
        OnnxNode inner;
        if (std::string problem = read_onnx_node(message, inner); !problem.empty()) return problem;
        if (std::string problem = step.run(inner); !problem.empty()) return "its " + inner.called() + ": " + problem;
    }
    const auto result = [&](std::size_t k) { return step.find(body.outputs[k]); };
    const auto runs_on = result(0);
    if (!runs_on || step.terms[*runs_on].kind != OnnxTerm::truth) return "whether it goes on is not known";
    for (std::size_t k = 0; k < carried; ++k) {
        const auto before = step.names.find(body.inputs[k + 2]);
        if (k == *place || before == step.names.end()) continue; // a loop invariant of the graph
        const auto after = result(k + 1);
        const OnnxTerm& was = step.terms[before->second];
        const bool counts = was.kind == OnnxTerm::count && after && step.terms[*after].kind == OnnxTerm::count &&
                            step.terms[*after].whole == 1;
        if (!counts && after != before->second) return "its body changes " + quoted(body.inputs[k + 2]);
    }

    const auto next = result(*place + 1);
    OnnxStepCell cell{step, *state};
    if (!next || !step.input || step.terms[*state].size == 0 || !cell.find(*next))
        return "its body is no step of an RNN or GRU as Rondo computes them";
    OnnxFlow x;
    if (std::string problem = walk.features(node, step.data, x); !problem.empty()) return problem;
    const auto axis = x.axes[0], batch = x.axes[1];
    const bool apart = axis.count <= 1 && batch.count <= 1;
    if (!apart || (x.time && (batch.has(*x.time) || (axis.count == 1 && !axis.is({*x.time})))) ||
        (x.recurrent && x.lengths))
        return "its steps are not those of the layers before it";
    const std::size_t in = std::size_t(x.feature_count()), hidden = step.terms[*state].size;
    std::vector<Array> arrays;
    std::vector<double> first;
    if (std::string problem = onnx_loop_arrays(walk, cell, in, hidden, arrays); !problem.empty()) return problem;
    if (std::string problem = onnx_loop_state(walk, x, node.input(*place + 2), hidden, first); !problem.empty())
        return problem;
    if (range::all_of(first, [](double number) { return number == 0; })) first.clear();
    LayerFacts facts{cell.kind, int(in), int(hidden)};
    facts.reversed = x.flipped;
    const auto id = walk.append(node, x.list[0].layer, facts, 1, std::move(arrays), std::move(first));

    OnnxFlow y = x;
    y.list = {OnnxPart{id}};
    y.recurrent = true;
    if (axis.count == 1) y.time = axis.atoms[0];
    y.sizes[OnnxFlow::features] = {std::int64_t(hidden)};
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (node.outputs[k].empty()) continue;
        const bool final = k == *place, all = k >= carried && result(k + 1) == next;
        if (!final && !all) {
            walk.values.emplace(node.outputs[k], OnnxUnknown{std::make_shared<const std::string>(
                                                     node.called() + ": it gives what is no state of its cell")});
            continue;
        }
        OnnxFlow flow = y;
        flow.axes = {};
        flow.rank = 0;
        if (all) flow.axes[flow.rank++] = axis;
        flow.axes[flow.rank++] = batch;
        flow.add_axis({OnnxFlow::features});
        if (final) flow.list[0].what = OnnxPart::end, flow.flipped = false;
        flow.settle();
        walk.values.emplace(node.outputs[k], std::move(flow));
    }
    return {};
}

} // namespace rondo::io::detail
