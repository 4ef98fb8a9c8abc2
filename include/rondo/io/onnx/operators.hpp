// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "activation.hpp"
#include "concat.hpp"
#include "convolution.hpp"
#include "fold.hpp"
#include "layers.hpp"
#include "loop.hpp"
#include "normalize.hpp"
#include "pad.hpp"
#include "pooling.hpp"
#include "recurrent.hpp"
#include "shapes.hpp"
#include "slice.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// An attribute that an operator has in the opsets from `since` on and before `until`.
struct OnnxAttributeRule {
    std::string_view name{};
    std::int64_t type = OnnxAttribute::none;
    bool required = false;
    std::int64_t since = 1, until = (std::numeric_limits<std::int64_t>::max)();
};

/// An operator: the function that interprets it, the maximum numbers of inputs and outputs, and its attributes.
struct OnnxOperator {
    std::string_view name{};
    std::string (*run)(OnnxWalk&, const OnnxNode&) = nullptr;
    std::size_t inputs = 0, outputs = 1;
    std::array<OnnxAttributeRule, 12> attributes{};
};

template <LayerKind kind>
std::string onnx_function_of(OnnxWalk& walk, const OnnxNode& node) {
    return onnx_function(walk, node, kind);
}

/// For an operator that is supported for constant folding only.
inline std::string onnx_of_tensors(OnnxWalk&, const OnnxNode&) {
    return "it reads other things than tensors of the file";
}

/// The operator with that name, or null.
inline const OnnxOperator* find_onnx_operator(std::string_view name) {
    using A = OnnxAttribute;
    constexpr std::size_t any = (std::numeric_limits<std::size_t>::max)();
    static constexpr OnnxAttributeRule activations{"activations", A::of_strings},
        alpha{"activation_alpha", A::of_floats}, beta{"activation_beta", A::of_floats}, clip{"clip", A::of_float},
        direction{"direction", A::of_string}, hidden{"hidden_size", A::of_int}, layout{"layout", A::of_int, false, 14},
        auto_pad{"auto_pad", A::of_string}, kernel_shape{"kernel_shape", A::of_ints}, pads{"pads", A::of_ints},
        strides{"strides", A::of_ints}, dilations_19{"dilations", A::of_ints, false, 19};
    static constexpr OnnxOperator operators[]{
        {"Add", onnx_add, 2},
        {"And", onnx_condition, 2},
        {"AveragePool",
         onnx_window_pool,
         1,
         1,
         {{auto_pad,
           kernel_shape,
           pads,
           strides,
           dilations_19,
           {"ceil_mode", A::of_int, false, 10},
           {"count_include_pad", A::of_int, false, 7}}}},
        {"BatchNormalization",
         onnx_batch_norm,
         5,
         5,
         {{{"epsilon", A::of_float},
           {"momentum", A::of_float},
           {"spatial", A::of_int, false, 1, 9},
           {"training_mode", A::of_int, false, 14}}}},
        {"Cast",
         onnx_same,
         1,
         1,
         {{{"to", A::of_int, true}, {"saturate", A::of_int, false, 19}, {"round_mode", A::of_string, false, 24}}}},
        {"Clip", onnx_clip_data, 3, 1, {{{"min", A::of_float, false, 1, 11}, {"max", A::of_float, false, 1, 11}}}},
        {"Concat", onnx_concat, any, 1, {{{"axis", A::of_int, true}}}},
        {"Constant",
         onnx_constant,
         0,
         1,
         {{{"value", A::of_tensor},
           {"value_float", A::of_float, false, 12},
           {"value_floats", A::of_floats, false, 12},
           {"value_int", A::of_int, false, 12},
           {"value_ints", A::of_ints, false, 12}}}},
        {"ConstantOfShape", onnx_constant, 1, 1, {{{"value", A::of_tensor}}}},
        {"Conv",
         onnx_conv,
         3,
         1,
         {{auto_pad, kernel_shape, pads, strides, {"dilations", A::of_ints}, {"group", A::of_int}}}},
        {"Div", onnx_affine, 2},
        {"Dropout", onnx_same, 3, 2, {{{"ratio", A::of_float, false, 1, 12}, {"seed", A::of_int, false, 12}}}},
        {"Elu", onnx_function_of<LayerKind::ELU>, 1, 1, {{{"alpha", A::of_float}}}},
        {"Equal", onnx_condition, 2},
        {"Expand", onnx_constant, 2},
        {"Flatten", onnx_rearrange, 1, 1, {{{"axis", A::of_int}}}},
        {"GRU",
         onnx_recurrent,
         6,
         2,
         {{activations, alpha, beta, clip, direction, hidden, layout, {"linear_before_reset", A::of_int}}}},
        {"Gelu", onnx_function_of<LayerKind::GELU>, 1, 1, {{{"approximate", A::of_string}}}},
        {"Gather", onnx_gather, 2, 1, {{{"axis", A::of_int}}}},
        {"Gemm",
         onnx_gemm,
         3,
         1,
         {{{"alpha", A::of_float}, {"beta", A::of_float}, {"transA", A::of_int}, {"transB", A::of_int}}}},
        {"GlobalAveragePool", onnx_pool, 1},
        {"GlobalMaxPool", onnx_pool, 1},
        {"HardSigmoid",
         onnx_function_of<LayerKind::Hardsigmoid>,
         1,
         1,
         {{{"alpha", A::of_float}, {"beta", A::of_float}}}},
        {"Identity", onnx_same, 1},
        {"LSTM",
         onnx_recurrent,
         8,
         3,
         {{activations, alpha, beta, clip, direction, hidden, layout, {"input_forget", A::of_int}}}},
        {"LayerNormalization",
         onnx_norm,
         3,
         3,
         {{{"axis", A::of_int}, {"epsilon", A::of_float}, {"stash_type", A::of_int}}}},
        {"LeakyRelu", onnx_function_of<LayerKind::LeakyReLU>, 1, 1, {{{"alpha", A::of_float}}}},
        {"Less", onnx_condition, 2},
        {"LogSoftmax", onnx_function_of<LayerKind::LogSoftmax>, 1, 1, {{{"axis", A::of_int}}}},
        {"Loop", onnx_loop, any, any, {{{"body", A::of_graph, true}}}},
        {"MatMul", onnx_matmul, 2},
        {"MaxPool",
         onnx_pool,
         1,
         2,
         {{auto_pad,
           kernel_shape,
           pads,
           strides,
           {"dilations", A::of_ints, false, 10},
           {"ceil_mode", A::of_int, false, 10},
           {"storage_order", A::of_int, false, 8}}}},
        {"Mul", onnx_mul, 2},
        {"Not", onnx_condition, 1},
        {"PRelu", onnx_prelu, 2},
        {"Pad",
         onnx_pad,
         4,
         1,
         {{{"mode", A::of_string}, {"pads", A::of_ints, true, 1, 11}, {"value", A::of_float, false, 1, 11}}}},
        {"RMSNormalization",
         onnx_norm,
         2,
         1,
         {{{"axis", A::of_int}, {"epsilon", A::of_float}, {"stash_type", A::of_int}}}},
        {"RNN", onnx_recurrent, 6, 2, {{activations, alpha, beta, clip, direction, hidden, layout}}},
        {"ReduceMax",
         onnx_pool,
         2,
         1,
         {{{"axes", A::of_ints, false, 1, 18},
           {"keepdims", A::of_int},
           {"noop_with_empty_axes", A::of_int, false, 18}}}},
        {"ReduceMean",
         onnx_pool,
         2,
         1,
         {{{"axes", A::of_ints, false, 1, 18},
           {"keepdims", A::of_int},
           {"noop_with_empty_axes", A::of_int, false, 18}}}},
        {"ReduceProd",
         onnx_mul,
         2,
         1,
         {{{"axes", A::of_ints, false, 1, 18},
           {"keepdims", A::of_int},
           {"noop_with_empty_axes", A::of_int, false, 18}}}},
        {"Relu", onnx_function_of<LayerKind::ReLU>, 1},
        {"Reshape", onnx_rearrange, 2, 1, {{{"allowzero", A::of_int, false, 14}}}},
        {"ReverseSequence", onnx_reverse, 2, 1, {{{"batch_axis", A::of_int}, {"time_axis", A::of_int}}}},
        {"Shape", onnx_shape, 1, 1, {{{"start", A::of_int, false, 15}, {"end", A::of_int, false, 15}}}},
        {"Sigmoid", onnx_function_of<LayerKind::Sigmoid>, 1},
        {"Slice",
         onnx_slice,
         5,
         1,
         {{{"axes", A::of_ints, false, 1, 10},
           {"starts", A::of_ints, true, 1, 10},
           {"ends", A::of_ints, true, 1, 10}}}},
        {"Softmax", onnx_function_of<LayerKind::Softmax>, 1, 1, {{{"axis", A::of_int}}}},
        {"Softplus", onnx_function_of<LayerKind::Softplus>, 1},
        {"Softsign", onnx_function_of<LayerKind::Softsign>, 1},
        {"Split",
         onnx_split,
         2,
         any,
         {{{"axis", A::of_int}, {"split", A::of_ints, false, 1, 13}, {"num_outputs", A::of_int, false, 18}}}},
        {"Sqrt", onnx_of_tensors, 1},
        {"Squeeze", onnx_rearrange, 2, 1, {{{"axes", A::of_ints, false, 1, 13}}}},
        {"Sub", onnx_affine, 2},
        {"Swish", onnx_function_of<LayerKind::SiLU>, 1, 1, {{{"alpha", A::of_float}}}},
        {"Tanh", onnx_function_of<LayerKind::Tanh>, 1},
        {"ThresholdedRelu", onnx_function_of<LayerKind::Threshold>, 1, 1, {{{"alpha", A::of_float}}}},
        {"Transpose", onnx_rearrange, 1, 1, {{{"perm", A::of_ints}}}},
        {"Unsqueeze", onnx_rearrange, 2, 1, {{{"axes", A::of_ints, true, 1, 13}}}},
        {"Where", onnx_where, 3},
    };
    const auto found = range::find(operators, name, &OnnxOperator::name);
    return found == std::end(operators) ? nullptr : found;
}

/// Interprets a node. Returns an error message, empty on success.
inline std::string run_onnx_node(OnnxWalk& walk, const OnnxNode& node) {
    if (range::find(walk.graph.functions, std::pair{node.domain, node.op}) != walk.graph.functions.end())
        return "it calls a function of the file; write the model with its functions inlined, as by "
               "onnx.inliner.inline_local_functions";
    if (!node.domain.empty()) return "it is of the domain " + quoted(node.domain);
    const OnnxOperator* const op = find_onnx_operator(node.op);
    if (op == nullptr) return "Rondo has no such operator";
    bool done = false;
    std::string problem = onnx_fold(walk, node, done);
    return done || !problem.empty() ? problem : op->run(walk, node);
}

} // namespace rondo::io::detail
