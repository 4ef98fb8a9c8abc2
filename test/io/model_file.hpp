// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/io/model.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/tied.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <filesystem>

namespace model_test {

using namespace rondo;
namespace fs = std::filesystem;

using Shared = Tied<Sequential<Named<"in", Embedding<7, 5, 2>>, Named<"rnn", RNN<5, 5>>, Named<"out", Linear<5, 7>>>,
                    Tie<"out.weight", "in.weight">>;

/// The error of loading an edited file; expects that the model is unchanged.
template <class Net>
Error refused(const fs::path& path) {
    Model<Net> model{Seed{1}};
    const Model<Net> before = model;
    Error error;
    load(model, path, error);
    EXPECT_TRUE(error);
    EXPECT_EQ(model, before);
    EXPECT_EQ(failure_of([&] { load(model, path); }), error);
    EXPECT_EQ(model, before);
    return error;
}

} // namespace model_test
