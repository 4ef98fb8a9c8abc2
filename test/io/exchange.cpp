// SPDX-License-Identifier: MIT
// A state_dict that PyTorch wrote (test/golden/exchange.py) loads by its names, and computes what PyTorch computed.
#include <rondo/io/model.hpp>

#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/workspace.hpp>

#include <support/data.hpp>
#include <support/edited.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace exchange_test {

using namespace rondo;

using Char = Sequential<Named<"embedding", Embedding<7, 3>>, Named<"lstm", LSTM<3, 5, Stack{.layers = 2}>>,
                        Named<"fc", Linear<5, 7>>>;

template <class T>
std::vector<T> numbers(std::string_view text) {
    std::vector<T> all;
    for (const char *at = text.data(), *end = at + text.size(); at < end; ++at) {
        T number{};
        at = std::from_chars(at, end, number).ptr;
        all.push_back(number);
    }
    return all;
}

TEST(Exchange, APyTorchFileComputesWhatPyTorchComputed) {
    const std::filesystem::path path = test_data() / "golden" / "exchange.safetensors";
    Model<Char> model;
    load(model, path);
    EditedFile file{path};
    const std::string_view text = file.number("x;y");
    const auto tokens = numbers<int>(text.substr(0, text.find(';')));
    const auto expected = numbers<float>(text.substr(text.find(';') + 1));
    ASSERT_EQ(tokens.size(), 15u);
    ASSERT_EQ(expected.size(), 7 * 15u);

    Workspace<Char, EigenBackend<float>> work;
    const auto y = work.forward(model, Tokens{tokens.data(), nullptr, {5, 3}});
    for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(y.value[k], expected[k], 1e-6) << k;

    // And back: the same tensors, bit for bit.
    const TemporaryFolder folder;
    save(model, folder / "a");
    EditedFile again{folder / "a"};
    EXPECT_EQ(again.tensors.size(), file.tensors.size());
    for (const auto& t : file.tensors) {
        EXPECT_EQ(again[t.name].shape, t.shape);
        EXPECT_EQ(again[t.name].bytes, t.bytes);
    }
}

} // namespace exchange_test
