// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/layer/linear.hpp>
#include <rondo/layer/lru.hpp>
#include <rondo/layer/min_gru.hpp>
#include <rondo/layer/min_lstm.hpp>
#include <rondo/layer/qrnn.hpp>
#include <rondo/layer/rg_lru.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/sru_first.hpp>

/// Layers that are linear in their state: of each kind of cell one, with and without a kernel of their own.
using Scans =
    rondo::Sequential<rondo::MinGRU<3, 20, rondo::Stack{.layers = 2}>, rondo::RGLRU<20, 20>, rondo::LRU<20, 33, 5>,
                      rondo::QRNN<5, 20>, rondo::SRUFirst<20, 33>, rondo::MinLSTMLogSpace<33, 5>, rondo::Linear<5, 1>>;
