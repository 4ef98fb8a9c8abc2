// SPDX-License-Identifier: MIT
#include "onnx_file.hpp"

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/model/model.hpp>

#include "../support/failure.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace onnx_refused_test {

using namespace rondo;
using Writer = OnnxFile::Writer;
using Attribute = OnnxFile::Writer;
constexpr int int64 = OnnxFile::Tensor::int64;

/// x (T, B, 3) through one recurrent node of 2 units, whose Y is the output "y".
std::string cell(const std::string& op, std::initializer_list<Attribute> attributes, std::size_t directions = 1) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.recurrent("l", directions, op == "LSTM" ? 4 : op == "GRU" ? 3 : 1, 3, 2);
    file.node(op, {"x", "l.W", "l.R", "l.B"}, {"y"}, attributes);
    return layers_of(file);
}

TEST(OnnxRefused, CellsThatRondoDoesNotHave) {
    const std::string node = "onnx: node \"y\" ";
    const std::string_view few[]{"Tanh"}, relu_one_way[]{"Relu", "Tanh"};
    EXPECT_EQ(cell("LSTM", {}), "LSTM 3 -> 2");
    EXPECT_EQ(cell("LSTM", {OnnxFile::attribute("input_forget", 2)}), node + "(LSTM): its input_forget is 2");
    EXPECT_EQ(cell("LSTM", {OnnxFile::attribute("activations", few)}),
              node + "(LSTM): it has 1 activations; expected 3");
    EXPECT_EQ(
        cell("RNN",
             {OnnxFile::attribute("activations", relu_one_way), OnnxFile::attribute("direction", "bidirectional")}, 2),
        node + "(RNN): its activations in one direction are not those in the other; expected the same");
    EXPECT_EQ(cell("GRU", {OnnxFile::attribute("direction", "back")}),
              node + "(GRU): its direction is \"back\"; expected forward, reverse or bidirectional");
    EXPECT_EQ(cell("GRU", {OnnxFile::attribute("linear_before_reset", 2)}),
              node + "(GRU): its linear_before_reset is 2");
    EXPECT_EQ(cell("GRU", {OnnxFile::attribute("layout", 2)}), node + "(GRU): its layout is 2");
    EXPECT_EQ(cell("GRU", {OnnxFile::attribute("soft", 1)}), node + "(GRU): the attribute \"soft\" is not known");
    EXPECT_EQ(cell("Erf", {}), node + "(Erf): Rondo has no such operator");
}

TEST(OnnxRefused, StepsOneByOne) {
    OnnxFile file; // as PyTorch's exporter writes nn.RNN: W x of all steps, and then each step by itself
    file.input("x", {7, 2, 3}).output("y");
    file.node("MatMul", {"x", file.count("W", {3, 4})}, {"a"});
    file.node("Slice", {"a", file.wholes("1", {1}), file.wholes("2", {2}), file.wholes("0", {0})}, {"y"});
    EXPECT_EQ(layers_of(file), "onnx: node \"y\" (Slice): it takes a part of the data that is not its first or last "
                               "step; a loop over the steps of a cell is read where it is exported as a recurrent "
                               "layer (nn.LSTM, nn.GRU; nn.RNN with dynamo=False)");
}

TEST(OnnxRefused, DropoutThatDrops) {
    const auto training = [](const char* mode, bool given) {
        OnnxFile file;
        file.input("x", {0, 2}).output("y");
        if (given) file.raw(5, Writer{}.whole(2, 9).text(8, "mode").text(9, {mode, 1}));
        file.node("Relu", {"x"}, {"a"});
        file.node("Dropout", {"a", "", given ? "mode" : "x"}, {"y"});
        return layers_of(file);
    };
    EXPECT_EQ(training("\0", true), "ReLU 2");
    const std::string drops = "onnx: node \"y\" (Dropout): its training_mode is not false: it drops numbers";
    EXPECT_EQ(training("\1", true), drops);
    EXPECT_EQ(training("", false), drops);
}

TEST(OnnxRefused, ShapesThatDoNotFit) {
    EXPECT_EQ(cell("GRU", {OnnxFile::attribute("hidden_size", 3)}),
              "onnx: node \"y\" (GRU): its hidden_size is 3, but R says 2");
    EXPECT_EQ(cell("GRU", {OnnxFile::attribute("direction", "bidirectional")}),
              "onnx: node \"y\" (GRU): R: expected [2,6,2], got [1,6,2]");
    const auto with = [](std::initializer_list<std::size_t> w, std::initializer_list<std::size_t> r,
                         std::initializer_list<std::size_t> b, std::initializer_list<std::int64_t> x = {0, 0, 3}) {
        OnnxFile file;
        file.input("x", x).output("y");
        file.node("GRU", {"x", file.count("W", w), file.count("R", r), file.count("B", b)}, {"y"});
        return layers_of(file);
    };
    const std::string node = "onnx: node \"y\" (GRU): ";
    EXPECT_EQ(with({1, 6, 3}, {1, 6, 2}, {1, 12}), "GRUResetBefore 3 -> 2");
    EXPECT_EQ(with({1, 6, 4}, {1, 6, 2}, {1, 12}), node + "W: expected [1,6,3], got [1,6,4]");
    EXPECT_EQ(with({6, 3}, {1, 6, 2}, {1, 12}), node + "W: expected [1,6,3], got [6,3]");
    EXPECT_EQ(with({1, 6, 3}, {6, 2}, {1, 12}), node + "R: expected [directions,gates hidden,hidden], got [6,2]");
    EXPECT_EQ(with({1, 6, 3}, {1, 6, 0}, {1, 12}), node + "R: expected [directions,gates hidden,hidden], got [1,6,0]");
    EXPECT_EQ(with({1, 6, 3}, {1, 8, 2}, {1, 12}), node + "R: expected [1,6,2], got [1,8,2]");
    EXPECT_EQ(with({1, 6, 3}, {1, 6, 2}, {1, 6}), node + "B: expected [1,12], got [1,6]");
    EXPECT_EQ(with({1, 6, 3}, {1, 6, 2}, {1, 12}, {0, 3}), node + "its input has 2 axes; expected 3");
    EXPECT_EQ(with({1, 6, 3}, {1, 6, 2}, {1, 12}, {0, 0, 0}),
              node + "it reads \"x\", which is not on the way from the graph's input to its output");
}

TEST(OnnxRefused, GraphsThatAreNoChain) {
    OnnxFile file;
    file.input("x", {0, 3}).input("z", {0, 3}).input("lengths", {0, 0, 0, 0});
    file.count("w", {3, 3});
    const auto with = [&](auto nodes) {
        OnnxFile more = file;
        nodes(more);
        more.output("y");
        return layers_of(more);
    };
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("Relu", {"x"}, {"a"});
                  f.node("MatMul", {"x", "w"}, {"b"});
                  f.node("Mul", {"a", "b"}, {"y"});
              }),
              "onnx: node \"y\" (Mul): it multiplies what a layer gives, which no layer of Rondo does");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("Relu", {"x"}, {"a"});
                  f.node("Add", {"a", "z"}, {"y"});
              }),
              "onnx: node \"y\" (Add): it adds what no earlier layer was given");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("Relu", {"b"}, {"a"});
                  f.node("Tanh", {"a"}, {"b"});
                  f.node("Tanh", {"b"}, {"y"});
              }),
              "onnx: node \"a\" (Relu): it reads \"b\", which nothing before it writes");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Relu", {"y"}, {"y"}); }),
              "onnx: node \"y\" (Relu): it reads \"y\", which nothing before it writes");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("Relu", {"x"}, {"y"});
                  f.node("Tanh", {"y"}, {"y"});
              }),
              "onnx: node \"y\" (Tanh): it writes \"y\" again");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Relu", {"w"}, {"y"}); }),
              "onnx: node \"y\" (Relu): it reads \"w\", which is not on the way from the graph's input to its output");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Relu", {"lengths"}, {"y"}); }),
              "onnx: node \"y\" (Relu): it reads \"lengths\", which is not on the way from the graph's input to its "
              "output");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Identity", {"x"}, {"y"}); }), "onnx: the graph has no layers");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Identity", {"w"}, {"y"}); }),
              "onnx: output \"y\": it reads \"y\", which is not on the way from the graph's input to its output");
    EXPECT_EQ(with([](OnnxFile&) {}), "onnx: output \"y\": it reads \"y\", which nothing before it writes");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.output("more");
                  f.node("Relu", {"x"}, {"y"});
              }),
              "onnx: expected one output, got \"more\", \"y\"; name one of them");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("MatMul", {"x", "w"}, {"a"});
                  f.raw(1, Writer{}.text(1, "a").text(2, "y").text(4, "Relu").text(7, "com.example"));
              }),
              "onnx: node \"y\" (Relu): it is of the domain \"com.example\"");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("MatMul", {"x", "w"}, {"a"});
                  f.node("Relu", {"a"}, {"b"});
                  f.node("Add", {"b", f.count("bias", {2})}, {"y"});
              }),
              "onnx: node \"y\" (Add): \"bias\" has the shape [2]; expected one number, or one for each of the 3 "
              "features");
    EXPECT_EQ(with([](OnnxFile& f) { // a step of a cell
                  f.node("MatMul", {"x", "w"}, {"a"});
                  f.node("MatMul", {"z", "w"}, {"b"});
                  f.node("Add", {"a", "b"}, {"y"});
              }),
              "onnx: node \"y\" (Add): it adds what no earlier layer was given" + std::string{io::detail::unrolled});
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("MatMul", {"x", "w"}, {"a"});
                  f.node("Div", {f.count("n", {3}), "a"}, {"y"});
              }),
              "onnx: node \"y\" (Div): it divides by what a layer gives, which no layer of Rondo does");
}

TEST(OnnxRefused, StatesThatNoLayerReads) {
    const auto with = [](auto nodes) {
        OnnxFile file;
        file.input("x", {0, 0, 3}).output("y");
        file.recurrent("l", 1, 4, 3, 2);
        nodes(file);
        return layers_of(file);
    };
    EXPECT_EQ(with([](OnnxFile& f) { f.node("LSTM", {"x", "l.W", "l.R", "l.B"}, {"Y", "Y_h", "y"}); }),
              "LSTM 3 -> 2; FinalCellState 2");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.count("p", {1, 8});
                  f.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "", "", "p"}, {"y"});
              }),
              "onnx: node \"y\" (LSTM): P: expected [1,6], got [1,8]");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("LSTM", {"x", "l.W", "l.R", "l.B"}, {"Y", "Y_h"});
                  f.node("Slice", {"Y_h", f.wholes("begin", {1}), f.wholes("end", {1})}, {"y"}); // none of them
              }),
              "onnx: node \"y\" (Slice): it picks what is outside its input's axis of 1");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.tensor<float>("h", {1, 2, 2}, std::vector<float>{1, 2, 1, 3});
                  f.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "h"}, {"y"});
              }),
              "onnx: node \"y\" (LSTM): its first state differs between sequences; expected one for all of them, or an "
              "input of the graph, which is the caller's");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("LSTM", {"x", "l.W", "l.R", "l.B", "", f.count("h", {1, 1, 3})}, {"y"}); }),
              "onnx: node \"y\" (LSTM): its first state \"h\" has the shape [1,1,3]; expected [1,batch,2]");
    EXPECT_EQ(with([](OnnxFile& f) { f.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "x"}, {"y"}); }),
              "onnx: node \"y\" (LSTM): its first state is computed from the data");
}

/// A graph of one MatMul, whose weights are this TensorProto.
std::string tensor(const Writer& weights) {
    OnnxFile file;
    file.input("x", {0, 2}).output("y");
    file.raw(5, Writer{weights}.text(8, "w"));
    file.node("MatMul", {"x", "w"}, {"y"});
    return layers_of(file);
}

TEST(OnnxRefused, TensorsThatAreBroken) {
    const Writer two_by_one = Writer{}.whole(1, 2).whole(1, 1).whole(2, 1);
    const auto more = [&](auto add) {
        Writer weights = two_by_one;
        add(weights);
        return tensor(weights);
    };
    const std::string w = "onnx: node \"y\" (MatMul): tensor \"w\" ",
                      holds = w + "has the shape [2,1] of FLOAT, but holds ";
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(more([](Writer& t) { t.text(9, "12345678"); }), "Linear 2 -> 1, no bias");
    EXPECT_EQ(more([](Writer&) {}), holds + "0 numbers");
    EXPECT_EQ(more([](Writer& t) { t.text(9, "1234567"); }), holds + "7 bytes");
    EXPECT_EQ(more([](Writer& t) { t.text(9, "123456789"); }), holds + "9 bytes");
    EXPECT_EQ(more([](Writer& t) { t.real(4, 1); }), holds + "1 numbers");
    EXPECT_EQ(more([](Writer& t) { t.whole(7, 1).whole(7, 2); }), holds + "numbers of another type");
    EXPECT_EQ(more([](Writer& t) { t.real(4, 1).whole(7, 2); }), holds + "numbers of another type");
    EXPECT_EQ(more([](Writer& t) { t.text(9, "12345678").text(9, "12345678"); }), w + "holds its numbers twice");
    EXPECT_EQ(more([](Writer& t) { t.text(9, "12345678").real(4, 1); }), w + "holds its numbers twice");
    EXPECT_EQ(more([](Writer& t) { t.text(3, ""); }), w + "is a segment of a tensor");
    EXPECT_EQ(more([](Writer& t) { t.whole(9, 1); }),
              w + "is no TensorProto: field 9: expected bytes, got wire type 0");
    for (const auto& [type, name] : {std::pair{10, "FLOAT16"}, std::pair{16, "BFLOAT16"}})
        EXPECT_EQ(more([type = type](Writer& t) { t.whole(2, type).text(9, "1234"); }),
                  w + "is of " + name + "; expected FLOAT or DOUBLE, or OnnxOptions::convert, which converts it");
    const std::int64_t wide = std::int64_t{1} << 32; // as an int it would be FLOAT
    for (const auto& [type, name] : {std::pair{std::int64_t{12}, "UINT32"}, std::pair{wide + 1, "type 4294967297"}})
        EXPECT_EQ(more([type = type](Writer& t) { t.whole(2, type).text(9, "12345678"); }),
                  w + "is of " + name + "; expected FLOAT, DOUBLE, INT32 or INT64");
    EXPECT_EQ(more([](Writer& t) { t.whole(2, int64).text(9, "1234567812345678"); }),
              w + "is of INT64; expected FLOAT or DOUBLE");
    EXPECT_EQ(tensor(Writer{}.whole(1, -2).whole(2, 1)), w + "has a dimension of -2");
    EXPECT_EQ(tensor(Writer{}.whole(1, most).whole(1, 2).whole(2, 1)), w + "has more numbers than can be counted");
    EXPECT_EQ(tensor(Writer{}.text(1, "\1\1\1\1\1\1\1\1\1").whole(2, 1)), w + "has more than 8 dimensions");
    EXPECT_EQ(tensor(Writer{}.whole(1, most / 16).whole(2, 1)),
              w + "has the shape [" + std::to_string(most / 16) + "] of FLOAT, but holds 0 numbers");
    EXPECT_EQ(tensor(Writer{}.whole(1, 2).whole(1, 0).whole(2, 1)),
              "onnx: node \"y\" (MatMul): its weights have the shape [2,0]; expected 2 rows");
    EXPECT_EQ(tensor(Writer{}.whole(1, 1).whole(1, 2).whole(2, 1).text(9, "12345678")),
              "onnx: node \"y\" (MatMul): its weights have the shape [1,2]; expected 2 rows");
}

TEST(OnnxRefused, BytesThatAreNoModel) {
    using namespace std::string_view_literals;
    EXPECT_EQ(layers_of(""sv), "onnx: it has no graph; is it an ONNX model?");
    EXPECT_EQ(layers_of("{}"sv), "onnx: it is no ModelProto: field 15 has wire type 3");
    EXPECT_EQ(layers_of("\x3A\x80\x80\x80\x80\x08"sv),
              "onnx: it is no ModelProto: field 7 claims 2147483648 bytes, but only 0 are left");
    EXPECT_EQ(layers_of("\x3A\x00\x3A\x00"sv), "onnx: it has two graphs");
    EXPECT_EQ(layers_of("\x38\x01"sv), "onnx: it is no ModelProto: field 7: expected bytes, got wire type 0");
    EXPECT_EQ(layers_of("\x3A\x00"sv), "onnx: it has no ir_version; expected 3 or above");
    EXPECT_EQ(layers_of("\x08\x02\x3A\x00"sv), "onnx: its ir_version is 2; expected 3 or above");
    EXPECT_EQ(layers_of("\x08\x08\x3A\x00"sv), "onnx: it is of opset 0; expected 7 or above");
    EXPECT_EQ(layers_of("\x08\x08\x42\x02\x10\x11\x42\x02\x10\x12\x3A\x00"sv),
              "onnx: it has two opsets of ONNX's own operators");
    EXPECT_EQ(layers_of(OnnxFile{}.bytes(6)), "onnx: it is of opset 6; expected 7 or above");
    EXPECT_EQ(layers_of(OnnxFile{}.bytes()), "onnx: expected one output, got none");
    EXPECT_EQ(layers_of("\x08\x08\x42\x02\x10\x11\x3A\x02\x08\x01"sv),
              "onnx: its graph is no GraphProto: field 1: expected bytes, got wire type 0");
    OnnxFile twice;
    twice.count("a", {1});
    twice.count("a", {2});
    EXPECT_EQ(layers_of(twice), "onnx: two initializers are called \"a\"");
    OnnxFile strange;
    strange.output("y").node("Relu", {"\n\xFF" + std::string(100, 'x')}, {"y"});
    EXPECT_EQ(layers_of(strange), "onnx: node \"y\" (Relu): it reads \"" + ("??" + std::string(78, 'x')) +
                                      "...\", which nothing before it writes");
}

TEST(OnnxRefused, AFileThatEndsEarlier) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.recurrent("l", 1, 3, 3, 2);
    file.node("GRU", {"x", "l.W", "l.R", "l.B"}, {"Y"}, {OnnxFile::attribute("linear_before_reset", 1)});
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
    const std::string bytes = file.bytes();
    ASSERT_EQ(layers_of(bytes), "GRU 3 -> 2");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        Error error;
        EXPECT_TRUE(read(std::string_view{bytes}.substr(0, size), error).layers.empty());
        EXPECT_EQ(error.kind, Error::Kind::format) << size;
    }
}

TEST(OnnxRefused, ATensorThatIsReadForever) {
    OnnxFile file;
    file.input("x", {0, 9}).output("y100");
    file.count("w", {9, 9});
    for (int k = 0; k <= 100; ++k)
        file.node("MatMul", {k == 0 ? "x" : "y" + std::to_string(k - 1), "w"}, {"y" + std::to_string(k)});
    const std::string problem = layers_of(file);
    EXPECT_NE(problem.find("the layers have more numbers than the file"), std::string::npos) << problem;
}

TEST(OnnxRefused, NumbersThatAreNotFinite) {
    using Limits = std::numeric_limits<double>;
    for (const double number : {Limits::quiet_NaN(), Limits::infinity(), 1e39}) {
        OnnxFile file;
        file.input("x", {0, 1}).output("y");
        file.node("MatMul", {"x", file.tensor<double>("w", {1, 2}, std::vector<double>{1, number})}, {"y"});
        Error error;
        const auto weights = read(file.bytes(), error);
        EXPECT_EQ(error, number < 1e300 ? Error{}
                                        : (Error{Error::Kind::not_finite, "onnx: node \"y\" (MatMul) has a number that "
                                                                          "is not finite"}));
        if (error) continue;
        Model<LinearWithoutBias<1, 2>, EigenBackend<float>> model{Seed{1}}; // whose scalar ends before 1e39
        const auto before = model;
        load(model, weights, error);
        EXPECT_EQ(error.kind, Error::Kind::not_finite);
        EXPECT_TRUE(model == before);
    }
}

} // namespace onnx_refused_test
