// SPDX-License-Identifier: MIT
#include <rondo/io/rtneural_write.hpp>

#include <rondo/io/assign.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/io/text.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/softmax.hpp>
#include <rondo/model/model.hpp>

#include <support/folder.hpp>
#include <support/model_text.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace rtneural_write_test {

using namespace rondo;

using Amp = Residual<Sequential<Linear<1, 3>, Tanh<3>, GRU<3, 5>, ReLU<5>, LSTM<5, 3, Stack{.layers = 2}>, Sigmoid<3>,
                                LinearWithoutBias<3, 5>, Softmax<5>, Linear<5, 1>>>;

template <class S>
void expect_same_bits() {
    using M = Model<Amp, EigenBackend<S>>;
    const TemporaryFolder folder;
    M model{Seed{5}};
    model.template tensor<"4.bias_hh_l0">().setZero(); // the file has the sum of an LSTM's two biases
    model.template tensor<"4.bias_hh_l1">().setZero();
    io::write_rtneural(model, folder / "a.json");
    M other;
    load(other, io::read_rtneural(folder / "a.json"));
    EXPECT_EQ(other, model);
    EXPECT_EQ(io::read_text(folder / "a.json"), io::rtneural_text(other));
}

TEST(RTNeuralWrite, GivesTheSameBitsBack) {
    expect_same_bits<float>();
    expect_same_bits<double>();
}

TEST(RTNeuralWrite, LaysNumbersOutAsKeras) {
    Model<Sequential<GRU<2, 1>>, EigenBackend<double>> gru;
    for (int k = 0; k < 6; ++k) gru.tensor<"0.weight_ih_l0">().data()[k] = k + 0.5;
    for (int k = 0; k < 3; ++k) {
        gru.tensor<"0.weight_hh_l0">()(k, 0) = 7 + k;
        gru.tensor<"0.bias_ih_l0">()(k) = 10 + k;
        gru.tensor<"0.bias_hh_l0">()(k) = 13 + k;
    }
    EXPECT_EQ(io::rtneural_text(gru), "{\"in_shape\":[null,null,2],\"layers\":[\n"
                                      "{\"type\":\"gru\",\"activation\":\"tanh\",\"shape\":[null,null,1],\"weights\":["
                                      "[[2.5,0.5,4.5],[3.5,1.5,5.5]],[[8,7,9]],[[11,10,12],[14,13,15]]]}]}\n");
    Model<LSTM<1, 1>, EigenBackend<double>> lstm;
    for (int k = 0; k < 4; ++k) lstm.tensor<"bias_ih_l0">()(k) = k, lstm.tensor<"bias_hh_l0">()(k) = 0.5;
    EXPECT_NE(io::rtneural_text(lstm).find(",[0.5,1.5,2.5,3.5]]}"), std::string::npos);
}

TEST(RTNeuralWrite, SaysASkipOfTheInput) {
    const auto says = [](const auto& model) {
        return io::rtneural_text(model).find("],\"in_skip\":1}") != std::string::npos;
    };
    EXPECT_TRUE(says(Model<Residual<Linear<1, 1>>>{}));
    EXPECT_FALSE(says(Model<Linear<1, 1>>{}));
}

template <class Net>
Error not_written(const Model<Net>& model) {
    const TemporaryFolder folder;
    Error error;
    EXPECT_EQ(io::rtneural_text(model, error), "");
    EXPECT_EQ(failure_of([&] { io::rtneural_text(model); }), error);
    Error of_file;
    io::write_rtneural(model, folder / "a", of_file);
    EXPECT_EQ(of_file, (Error{error.kind, (folder / "a").string() + ": " + error.message}));
    EXPECT_TRUE(folder.names().empty());
    return error;
}

TEST(RTNeuralWrite, RefusesWhatRTNeuralDoesNotHave) {
    const auto refused = [](const Error& error, const std::string& what) {
        EXPECT_EQ(error, (Error{Error::Kind::argument, "RTNeural has no " + what + " is"}));
    };
    refused(not_written(Model<Sequential<GRUResetBefore<3, 1>>>{}), "GRUResetBefore 3 -> 1, as \"0\"");
    refused(not_written(Model<Sequential<Named<"both", LSTM<3, 1, Stack{.bidirectional = true}>>, Linear<2, 1>>>{}),
            "LSTM 3 -> 2 x 1, bidirectional, as \"both\"");
    refused(not_written(Model<Sequential<Named<"back", LSTM<3, 1, Stack{.reversed = true}>>>>{}),
            "LSTM 3 -> 1, reversed, as \"back\"");
    refused(not_written(Model<Sequential<LSTM<3, 5, Stack{.projection = 2}>>>{}),
            "LSTM 3 -> 5, projection 2, as \"0\"");
    refused(not_written(Model<Sequential<Residual<Linear<1, 1>>, Linear<1, 1>>>{}),
            "Skip of 1 over 1 layers, as \"0\"");
    refused(not_written(Model<Sequential<Linear<1, 3>, Residual<Linear<3, 3>>>>{}),
            "Skip of 3 over 1 layers, as \"1\"");
    Model<Linear<1, 1>> model;
    model.tensor<"bias">()(0) = std::numeric_limits<float>::infinity();
    EXPECT_EQ(not_written(model).kind, Error::Kind::not_finite);
    const TemporaryFolder folder;
    EXPECT_EQ(failure_of([&] { io::write_rtneural(Model<Linear<1, 1>>{}, folder / "none" / "a"); }).kind,
              Error::Kind::file);
}

} // namespace rtneural_write_test
