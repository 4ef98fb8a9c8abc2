// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>

/// What is written to a file, embedded from there and compared with.
using Written = rondo::Sequential<rondo::Named<"embedding", rondo::Embedding<7, 5>>,
                                  rondo::Named<"gru", rondo::GRU<5, 3, rondo::Stack{.layers = 2}>>,
                                  rondo::Named<"norm", rondo::BatchNorm1d<3>>, rondo::Named<"fc", rondo::Linear<3, 7>>>;
