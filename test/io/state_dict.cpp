// SPDX-License-Identifier: MIT
#include <rondo/io/state_dict.hpp>

#include <rondo/io/probe.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/tied.hpp>
#include <rondo/stream/packed.hpp>
#include <rondo/stream/stream.hpp>

#include <support/model_text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace state_dict_test {

using namespace rondo;
using B = EigenBackend<double>;

const auto parse = [](std::string_view text, Error* error) {
    return error ? io::parse_state_dict(text, *error) : io::parse_state_dict(text);
};

template <class Net>
void expect_output(const Model<Net, B>& model, const io::Probe& probe) {
    const Packed packed{model};
    Stream stream{packed};
    for (std::size_t n = 0; n < probe.input.size(); ++n) {
        const auto y = stream.step(probe.input[n]);
        EXPECT_NEAR(y[0], probe.output[2 * n], 1e-14);
        EXPECT_NEAR(y[1], probe.output[2 * n + 1], 1e-14);
    }
}

TEST(StateDict, ComputesWhatPyTorchComputes) {
    const io::StateDict dict = io::read_state_dict(model_file("state_dict.json"));
    Model<Sequential<Named<"gru", GRU<1, 3, Stack{.layers = 2}>>, Named<"dense", Linear<3, 2>>>, B> model;
    load(model, dict);
    expect_output(model, probe_of("state_dict"));

    Model<Sequential<GRU<1, 3, Stack{.layers = 2}>, Linear<3, 2>>, B> unnamed;
    load(unnamed, dict, {.renamed = {{"0.", "gru."}, {"1.", "dense."}}});
    expect_output(unnamed, probe_of("state_dict"));

    Model<Linear<3, 2>, B> part;
    load(part, dict, {.prefix = "dense."});
    EXPECT_EQ(part.tensor<"bias">()(0), model.tensor<"dense.bias">()(0));

    Model<Sequential<Named<"gru", GRU<1, 3, Stack{.layers = 2}>>, Named<"head", Linear<3, 4>>>, B> other{Seed{1}};
    const double before = other.tensor<"head.bias">()(0);
    const io::UnmatchedTensors left = load(other, dict, {.strict = false});
    EXPECT_EQ(left.missing, (std::vector<std::string>{"head.weight", "head.bias"}));
    EXPECT_EQ(left.unexpected.size(), 2u);
    EXPECT_EQ(other.tensor<"gru.bias_ih_l0">()(0), model.tensor<"gru.bias_ih_l0">()(0));
    EXPECT_EQ(other.tensor<"head.bias">()(0), before);
    expect_failure([&] { load(part, dict, {.strict = false}); }, Error::Kind::mismatch,
                   dict.source + ": expected a tensor of the network, such as weight, got none");
}

TEST(StateDict, MayHoldATiedTensorOnce) {
    using Shared = Tied<Sequential<Named<"in", Embedding<2, 3>>, Named<"out", LinearWithoutBias<3, 2>>>,
                        Tie<"out.weight", "in.weight">>;
    const auto loaded = [](const char* text) {
        Model<Shared, B> model;
        load(model, io::parse_state_dict(text));
        return model.tensor<"out.weight">()(1, 2);
    };
    EXPECT_EQ(loaded(R"({"in.weight":[[1,2,3],[4,5,6]]})"), 6);
    EXPECT_EQ(loaded("\xEF\xBB\xBF{\"out.weight\":[[1,2,3],[4,5,6]]}"), 6); // after a byte order mark, too
    EXPECT_EQ(loaded(R"({"in.weight":[[1,2,3],[4,5,6]],"out.weight":[[1,2,3],[4,5,6]]})"), 6);
    expect_failure([&] { loaded(R"({"in.weight":[[1,2,3],[4,5,6]],"out.weight":[[1,2,3],[4,5,7]]})"); },
                   Error::Kind::mismatch, "state_dict: out.weight is tied to another tensor and must be equal to it");
}

TEST(StateDict, OfALayerWithoutBiasesIsReadOnRequest) {
    const std::string text = R"({"weight_ih_l0":[[1]],"weight_hh_l0":[[2]]})";
    Model<RNN<1, 1>, B> model{Seed{1}};
    load(model, io::parse_state_dict(text), {.zero_biases = true});
    EXPECT_EQ(model.tensor<"weight_hh_l0">()(0), 2);
    EXPECT_EQ(model.tensor<"bias_ih_l0">()(0), 0);
    EXPECT_EQ(model.tensor<"bias_hh_l0">()(0), 0);
    expect_failure([&] { load(model, io::parse_state_dict(text)); }, Error::Kind::mismatch,
                   "state_dict: tensor bias_ih_l0 [1] is missing; a layer without biases, PyTorch's bias=False, is "
                   "Stack{.bias = false}, or is read by TensorNames::zero_biases");
    const std::string one = replaced(text, "}", R"(,"bias_ih_l0":[3]})");
    expect_failure([&] { load(model, io::parse_state_dict(one), {.zero_biases = true}); }, Error::Kind::mismatch,
                   "state_dict: tensor bias_hh_l0 [1] is missing");
}

template <class Net>
Error not_loaded(const std::string& text, const io::TensorNames& names = {}) {
    Model<Net> model{Seed{1}};
    const auto before = model;
    const io::StateDict dict = io::parse_state_dict(text);
    Error error;
    load(model, dict, names, error);
    EXPECT_TRUE(error);
    EXPECT_EQ(model, before);
    EXPECT_EQ(failure_of([&] { load(model, dict, names); }), error);
    return error;
}

TEST(StateDict, RefusesWhatIsNotTheNetworks) {
    const std::string text = R"({"weight":[[1,2],[3,4],[5,6]],"bias":[7,8,9]})";
    using Net = Linear<2, 3>;
    const auto mismatch = [](const std::string& edited, const std::string& message) {
        EXPECT_EQ(not_loaded<Net>(edited), (Error{Error::Kind::mismatch, "state_dict: tensor " + message}));
    };
    mismatch("{}", "weight [3,2] is missing");
    mismatch(replaced(text, "bias", "bias_"), "bias [3] is missing");
    mismatch(replaced(text, "[7,8,9]", "[[7,8,9]]"), "bias: expected [3], got [1,3]");
    mismatch(replaced(text, "[7,8,9]", "1"), "bias: expected [3], got []");
    mismatch(replaced(text, "}", ",\"scale\":[]}"), "scale is not one of the network's");
    EXPECT_EQ(not_loaded<Net>(replaced(text, "7", "1e300")),
              (Error{Error::Kind::not_finite, "state_dict: bias: number 0 is inf"}));
    EXPECT_EQ(not_loaded<Net>(text, {.prefix = "a."}).message, "state_dict: tensor a.weight [3,2] is missing");
    EXPECT_EQ((not_loaded<GRUResetBefore<1, 1>>(R"({"weight_ih_l0":[[1],[1],[1]],"weight_hh_l0":[[1],[1],[1]]})")),
              (Error{Error::Kind::mismatch, "state_dict: tensor weight_hh_l0: expected that of a GRU that resets "
                                            "before the product, which PyTorch has not"}));
}

TEST(StateDict, RefusesWhatIsNone) {
    EXPECT_EQ(refused("[]", parse).message, "state_dict: byte 0: expected '{', found '['");
    EXPECT_EQ(refused(R"({"a":1,"a":2})", parse).message, "state_dict: tensor \"a\" comes twice");
    EXPECT_EQ(refused(R"({"a":"b"})", parse).message, "state_dict: byte 5: expected a number, found '\"'");
    EXPECT_EQ(refused("{\"a\xFF\":1}", parse).message, "state_dict: byte 3: not UTF-8");
    EXPECT_EQ(refused(R"({"a":[NaN]})", parse),
              (Error{Error::Kind::not_finite, "state_dict: byte 6: a number that is not finite"}));
    std::string many{"{"};
    for (int k = 0; k <= 1024; ++k) many += (k == 0 ? "\"" : ",\"") + std::to_string(k) + "\":0";
    EXPECT_EQ(refused(many + '}', parse).message, "state_dict: more than 1024 tensors");
    expect_whole_files_only(R"({"a":[[1,2],[3,4]],"b":[-1.5e3]})", parse);
    EXPECT_EQ(failure_of([&] { io::read_state_dict("/no such file"); }).kind, Error::Kind::file);
}

} // namespace state_dict_test
