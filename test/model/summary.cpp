// SPDX-License-Identifier: MIT
#include <rondo/model/summary.hpp>

#include <rondo/model/model.hpp>

#include <support/compositions.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <string>

namespace summary_test {

using namespace rondo;

TEST(Summary, TellsLayersSizesAndCounts) {
    const std::string expected = "layer                                                               parameters\n"
                                 "in                  Embedding 7 -> 5                                35\n"
                                 "lstm                LSTM 5 -> 20, 2 layers, dropout 30/100          5520\n"
                                 "2                   Dropout 1/4                                     0\n"
                                 "out                 Linear 20 -> 7                                  147\n"
                                 "total                                                               5702\n"
                                 "  in.weight                         (7, 5)\n"
                                 "  lstm.weight_ih_l0                 (80, 5)\n"
                                 "  lstm.weight_hh_l0                 (80, 20)\n"
                                 "  lstm.bias_ih_l0                   (80)\n"
                                 "  lstm.bias_hh_l0                   (80)\n"
                                 "  lstm.weight_ih_l1                 (80, 20)\n"
                                 "  lstm.weight_hh_l1                 (80, 20)\n"
                                 "  lstm.bias_ih_l1                   (80)\n"
                                 "  lstm.bias_hh_l1                   (80)\n"
                                 "  out.weight                        (7, 20)\n"
                                 "  out.bias                          (7)\n";
    EXPECT_EQ(summary<Letters>(), expected);
    EXPECT_EQ(summary(Model<Letters>{}), expected);
}

TEST(Summary, ShowsNetworksInsideNetworks) {
    EXPECT_EQ(summary<Nested>().substr(0, summary<Nested>().find("  encoder.")),
              "layer                                                               parameters\n"
              "encoder             Network                                         665\n"
              "  0                 Linear 3 -> 20                                  80\n"
              "  1                 Dropout 25/100                                  0\n"
              "  2                 GRUResetBefore 20 -> 5, 2 layers, dropout 1/8   585\n"
              "head                Network                                         300\n"
              "  0                 Network                                         198\n"
              "    0               Linear 5 -> 33                                  198\n"
              "    1               Tanh                                            0\n"
              "  1                 Linear 33 -> 3                                  102\n"
              "total                                                               965\n");
}

TEST(Summary, CountsTiedTensorsOnce) {
    const std::string text = summary<TiedModel>();
    const auto has = [&](const char* line) { return text.find(line) != text.npos; };
    EXPECT_TRUE(has("\nin                  Embedding 7 -> 5                                35\n"
                    "1                   LSTM 5 -> 5                                     240\n"
                    "2                   Residual GRU 5 -> 5                             180\n"
                    "out                 Linear 5 -> 7                                   42\n"
                    "total                                                               462\n"
                    "  in.weight                         (7, 5)\n"))
        << text;
    EXPECT_TRUE(has("\n  out.weight                        (7, 5), tied to in.weight\n"
                    "  out.bias                          (7)\n"))
        << text;
}

TEST(Summary, OfALayerAlone) {
    EXPECT_EQ((summary<Linear<33, 1>>()),
              "layer                                                               parameters\n"
              "total                                                               34\n"
              "  weight                            (1, 33)\n"
              "  bias                              (1)\n");
}

TEST(Summary, KeepsLongNamesApart) {
    using Long = Sequential<Named<"a_layer_whose_name_is_longer_than_its_column", Linear<3, 1>>>;
    EXPECT_EQ(summary<Long>(),
              "layer                                                                                         "
              "parameters\n"
              "a_layer_whose_name_is_longer_than_its_column  Linear 3 -> 1                                   4\n"
              "total                                                                                         4\n"
              "  a_layer_whose_name_is_longer_than_its_column.weight  (1, 3)\n"
              "  a_layer_whose_name_is_longer_than_its_column.bias    (1)\n");
}

} // namespace summary_test
