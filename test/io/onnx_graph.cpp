// SPDX-License-Identifier: MIT
#include "onnx_file.hpp"

#include "../support/failure.hpp"
#include "../support/folder.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onnx_graph_test {

using namespace rondo;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(OnnxGraph, ReadsAllWaysInWhichTensorsLie) {
    using Writer = OnnxFile::Writer;
    const auto same = [](const Writer& weight, int type) {
        OnnxFile file;
        file.input("x", {0, 2}, type).output("y");
        file.raw(5, Writer{weight}.text(8, "w"));
        file.node("MatMul", {"x", "w"}, {"y"});
        Error error;
        const auto weights = read(file.bytes(), error);
        EXPECT_EQ(error, Error{});
        return error ? io::Array{} : weights.layers[0].arrays[0];
    };
    using namespace std::string_view_literals;
    const io::Array expected{1, 2, {1, -2}};
    EXPECT_EQ(same(Writer{}.whole(1, 2).whole(1, 1).whole(2, 1).real(4, 1).real(4, -2), 1), expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 1).text(4, "\0\0\x80\x3F\0\0\0\xC0"sv), 1), expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 1).text(9, "\0\0\x80\x3F\0\0\0\xC0"sv), 1), expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 11).text(9, "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\0\xC0"sv), 11),
              expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 11).text(10, "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\0\xC0"sv), 11),
              expected);
}

TEST(OnnxGraph, ReadsTheOutputThatIsNamed) {
    OnnxFile file = with_layer("GRU", 3);
    file.output("Y_h").output("nothing");
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
    file.node("Erf", {"y"}, {"nothing"}); // which is not needed
    EXPECT_EQ(layers_of(file.bytes()), "onnx: expected one output, got \"y\", \"Y_h\", \"nothing\"; name one of them");
    EXPECT_EQ(layers_of(file.bytes(), "y"), "GRUResetBefore 3 -> 2");
    EXPECT_EQ(layers_of(file.bytes(), "Y_h"), "GRUResetBefore 3 -> 2; LastStep 2");
    EXPECT_EQ(layers_of(file.bytes(), "z"), "onnx: expected one output \"z\", got \"y\", \"Y_h\", \"nothing\"");
}

TEST(OnnxGraph, ReadsTheAttributesOfEarlyOpsets) {
    OnnxFile file = with_layer("LSTM", 4);
    const std::int64_t one[]{1}, zero[]{0}, last[]{-1}, end[]{most};
    file.node("Squeeze", {"Y"}, {"steps"}, {OnnxFile::attribute("axes", one)});
    const auto first_axis = OnnxFile::attribute("axes", zero);
    file.node("Slice", {"steps"}, {"last"},
              {first_axis, OnnxFile::attribute("starts", last), OnnxFile::attribute("ends", end)});
    file.node("Squeeze", {"last"}, {"y"}, {first_axis});
    EXPECT_EQ(layers_of(file.bytes(9)), "LSTM 3 -> 2; LastStep 2");
}

/// x (0, 2) through one node to "y".
std::string node_of(std::string_view op, std::initializer_list<OnnxFile::Writer> attributes,
                    std::initializer_list<std::string_view> inputs = {"x"},
                    std::initializer_list<std::string_view> outputs = {"y"}, std::int64_t opset = 17) {
    OnnxFile file;
    file.input("x", {0, 2}).output("y");
    file.count("w", {2, 2});
    file.count("b", {2});
    file.node(op, inputs, outputs, attributes);
    return layers_of(file.bytes(opset));
}

TEST(OnnxGraph, KnowsTheAttributesOfEachOperator) {
    using Writer = OnnxFile::Writer;
    const auto attribute = [](std::string_view name, const auto& value) { return OnnxFile::attribute(name, value); };
    const std::string node = "onnx: node \"y\" ";
    const std::int64_t zero = 0, one[]{1};
    EXPECT_EQ(node_of("Softmax", {attribute("axis", 1)}), "Softmax 2");
    EXPECT_EQ(node_of("Softmax", {attribute("axes", 1)}), node + "(Softmax): the attribute \"axes\" is not known");
    EXPECT_EQ(node_of("Relu", {attribute("alpha", 1)}), node + "(Relu): the attribute \"alpha\" is not known");
    EXPECT_EQ(node_of("Relu", {Writer{}}), node + "(Relu): the attribute \"\" is not known");
    EXPECT_EQ(node_of("Gemm", {attribute("transb", 1)}, {"x", "w"}),
              node + "(Gemm): the attribute \"transb\" is not known");
    EXPECT_EQ(node_of("Softmax", {attribute("axis", 1), attribute("axis", 1)}),
              node + "(Softmax): its attribute \"axis\" comes twice");
    EXPECT_EQ(node_of("Softmax", {attribute("axis", one)}),
              node + "(Softmax): its attribute \"axis\" is of INTS; expected INT");
    EXPECT_EQ(node_of("Softmax", {Writer{}.text(1, "axis").real(2, 1).whole(20, 2)}),
              node + "(Softmax): its attribute \"axis\" is of INT, but holds FLOAT");
    EXPECT_EQ(node_of("Softmax", {Writer{}.text(1, "axis").whole(3, 1).whole(20, (std::int64_t{1} << 32) + 2)}),
              node + "(Softmax): its attribute \"axis\" is of type 4294967298, but holds INT");
    EXPECT_EQ(node_of("Softmax", {Writer{}.text(1, "axis").whole(3, 1).real(2, 1).whole(20, 2)}),
              node + "(Softmax): its attribute \"axis\" holds more than one value");
    EXPECT_EQ(node_of("Softmax", {Writer{}.text(1, "axis").whole(3, 1).whole(3, 0).whole(20, 2)}),
              node + "(Softmax): its attribute \"axis\" holds more than one value");
    EXPECT_EQ(node_of("Softmax", {Writer{}.text(1, "axis").text(21, "outer").whole(20, 2)}),
              node + "(Softmax): its attribute \"axis\" is a parameter of a function");
    EXPECT_EQ(node_of("Softmax", {Writer{}.text(1, "axis").text(3, "1")}),
              node + "(Softmax): an attribute is no AttributeProto: field 3: expected a whole number, got wire type 2");
    EXPECT_EQ(node_of("Cast", {}), node + "(Cast): it has no attribute \"to\"");
    EXPECT_EQ(node_of("Concat", {}, {"w", "w"}), node + "(Concat): it has no attribute \"axis\"");
    EXPECT_EQ(node_of("Squeeze", {attribute("axes", one)}),
              node + "(Squeeze): it has no attribute \"axes\" in opset 17");
    EXPECT_EQ(node_of("Shape", {attribute("start", zero)}, {"x"}, {"y"}, 14),
              node + "(Shape): it has no attribute \"start\" in opset 14");
    EXPECT_EQ(node_of("Relu", {}, {"x", "w"}), node + "(Relu): it has 2 inputs; expected at most 1");
    EXPECT_EQ(node_of("Relu", {}, {"x", ""}), "ReLU 2");
    EXPECT_EQ(node_of("Relu", {}, {"x"}, {"y", "z"}), node + "(Relu): it has 2 outputs; expected at most 1");
    EXPECT_EQ(node_of("RNN", {}, {"x", "w", "w", "b", "", "", "x"}),
              node + "(RNN): it has 7 inputs; expected at most 6");
}

TEST(OnnxGraph, ChecksTheNodesOfALoop) {
    using Writer = OnnxFile::Writer;
    const auto loop = [](const Writer& node, const Writer& other = {}) {
        const Writer body = Writer{}.message(1, node).message(1, other);
        return node_of("Loop", {Writer{}.text(1, "body").message(6, body).whole(20, 5)});
    };
    const auto relu = [](std::string_view to) { return Writer{}.text(1, "a").text(2, to).text(4, "Relu"); };
    const std::string its = "onnx: node \"y\" (Loop): its node ";
    EXPECT_EQ(loop(relu("b").message(5, OnnxFile::attribute("alpha", 1))),
              its + "\"b\" (Relu): the attribute \"alpha\" is not known");
    EXPECT_EQ(loop(relu("b"), relu("b")), its + "\"b\" (Relu): it writes \"b\" again");
    const Writer inner = Writer{}.text(1, "body").text(6, "").whole(20, 5);
    EXPECT_EQ(loop(Writer{}.text(2, "b").text(4, "Loop").message(5, inner)),
              its + "\"b\" (Loop): it has a graph within a graph");
    EXPECT_EQ(node_of("Loop", {Writer{}.text(1, "body").text(6, "\x08\x01").whole(20, 5)}),
              "onnx: node \"y\" (Loop): its graph is no GraphProto: field 1: expected bytes, got wire type 0");
}

TEST(OnnxGraph, WritesEachNameOnce) {
    const auto with = [](auto more) {
        OnnxFile file;
        file.input("x", {0, 2}).output("y");
        file.count("w", {2, 2});
        file.node("Relu", {"x"}, {"y"});
        more(file);
        return layers_of(file);
    };
    EXPECT_EQ(with([](OnnxFile& file) { file.node("Relu", {"x"}, {"z"}); }), "ReLU 2"); // which nothing reads
    EXPECT_EQ(with([](OnnxFile& file) { file.node("Erf", {"x"}, {"y"}); }),
              "onnx: node \"y\" (Erf): it writes \"y\" again");
    EXPECT_EQ(with([](OnnxFile& file) { file.node("Relu", {"w"}, {"x"}); }),
              "onnx: node \"x\" (Relu): it writes \"x\" again");
    EXPECT_EQ(with([](OnnxFile& file) { file.node("Relu", {"x"}, {"w"}); }),
              "onnx: node \"w\" (Relu): it writes \"w\" again");
    EXPECT_EQ(with([](OnnxFile& file) { file.node("Dropout", {"x"}, {"z", "z"}); }),
              "onnx: node \"z\" (Dropout): it writes \"z\" again");
    EXPECT_EQ(with([](OnnxFile& file) { file.input("x", {0, 2}); }), "onnx: two inputs are called \"x\"");
    EXPECT_EQ(with([](OnnxFile& file) { file.node("RNN", {"x", "w", "w"}, {"a", "a"}); }),
              "onnx: node \"a\" (RNN): it writes \"a\" again");
}

TEST(OnnxGraph, RefusesSparseInitializers) {
    OnnxFile file;
    file.input("x", {0, 2}).output("y").node("Relu", {"x"}, {"y"});
    ASSERT_EQ(layers_of(file), "ReLU 2");
    file.raw(15, {});
    EXPECT_EQ(layers_of(file), "onnx: it has sparse initializers; expected dense ones");
}

TEST(OnnxGraph, RefusesFunctionsOfTheFile) {
    using Writer = OnnxFile::Writer;
    const auto with = [](std::string_view domain, std::string_view name) {
        Writer graph = Writer{}.message(11, OnnxFile::value_of("x", {0, 2})).message(12, OnnxFile::value_of("y", {}));
        graph.message(1, Writer{}.text(1, "x").text(2, "y").text(4, "Relu").text(7, domain));
        const Writer model = Writer{}
                                 .whole(1, 8)
                                 .message(8, Writer{}.whole(2, 17))
                                 .message(7, graph)
                                 .message(25, Writer{}.text(1, name).text(10, domain));
        const auto bytes = model.bytes();
        return layers_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    };
    const std::string calls = "onnx: node \"y\" (Relu): it calls a function of the file; write the model with its "
                              "functions inlined, as by onnx.inliner.inline_local_functions";
    EXPECT_EQ(with("own", "Relu"), calls);
    EXPECT_EQ(with("", "Relu"), calls); // in place of ONNX's own
    EXPECT_EQ(with("ai.onnx", "Relu"), calls);
    EXPECT_EQ(with("own", "Other"), "onnx: node \"y\" (Relu): it is of the domain \"own\"");
    EXPECT_EQ(with("", "Other"), "ReLU 2");
}

TEST(OnnxGraph, SizesAreNotCut) {
    for (const std::int64_t wide :
         {std::int64_t{1} << 28, std::int64_t{1} << 31, std::int64_t{1} << 32, (std::int64_t{1} << 32) + 3, most}) {
        OnnxFile file, many;
        file.input("x", {0, wide}).output("y").node("Relu", {"x"}, {"y"});
        EXPECT_EQ(layers_of(file),
                  "onnx: input \"x\": an axis of it has " + std::to_string(wide) + "; expected at most 268435455");
    }
    OnnxFile widest;
    widest.input("x", {0, (1 << 28) - 1}).output("y").node("Relu", {"x"}, {"y"});
    EXPECT_EQ(layers_of(widest), "ReLU 268435455");
}

TEST(OnnxGraph, ExtentsAreMultipliedWithinTheirRange) {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    for (const auto& [a, b] : {std::pair{least, std::int64_t{1}}, std::pair{std::int64_t{1}, least},
                               std::pair{least, std::int64_t{-1}}, std::pair{least, least}, std::pair{most, most}}) {
        OnnxFile file;
        file.input("x", {0, 2}).output("y");
        file.node("Mul", {file.wholes("a", {a}), file.wholes("b", {b})}, {"shape"});
        file.node("Reshape", {"x", "shape"}, {"y"});
        EXPECT_EQ(layers_of(file), "onnx: node \"shape\" (Mul): it multiplies other things than two extents");
    }
}

TEST(OnnxGraph, NodesAreCalledInPlainLetters) {
    OnnxFile file;
    file.input("x", {0, 2}).output("y").node("Re\x1B[31mlu\n", {"x"}, {"y"});
    EXPECT_EQ(layers_of(file), "onnx: node \"y\" (Re\\x1b[31mlu\\n): Rondo has no such operator");
}

TEST(OnnxGraph, ReadsFilesToo) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    OnnxFile file = with_layer("GRU", 3);
    file.node("Identity", {"Y"}, {"y"});
    const std::string bytes = file.bytes();
    io::write_file(path, std::as_bytes(std::span{bytes}));
    const auto weights = io::read_onnx(path);
    EXPECT_EQ(weights.source, path.string());
    EXPECT_EQ(weights.layers.size(), 1u);
    Error error;
    EXPECT_EQ(io::read_onnx(path, {}, error).layers.size(), 1u);
    EXPECT_EQ(io::read_onnx(std::as_bytes(std::span{bytes})).layers.size(), 1u);
    EXPECT_EQ(error, Error{});

    const auto absent = folder / "absent.onnx";
    expect_failure([&] { io::read_onnx(absent); }, Error::Kind::file,
                   "cannot read " + absent.string() + ": No such file or directory");
    expect_failure([&] { io::read_onnx(path, {.limit = bytes.size() - 1}); }, Error::Kind::file,
                   "cannot read " + path.string() + ": it has " + std::to_string(bytes.size()) + " bytes; at most " +
                       std::to_string(bytes.size() - 1) + " are allowed");
    EXPECT_EQ(io::read_onnx(path, {.limit = bytes.size()}).layers.size(), 1u);
    io::write_file(path, std::as_bytes(std::span{bytes}.first(9)));
    EXPECT_EQ(failure_of([&] { io::read_onnx(path); }).kind, Error::Kind::format);
    EXPECT_TRUE(io::read_onnx(path, {}, error).layers.empty());
    EXPECT_EQ(error.kind, Error::Kind::format);
}

} // namespace onnx_graph_test
