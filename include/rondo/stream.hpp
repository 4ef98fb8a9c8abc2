// SPDX-License-Identifier: MIT
#pragma once

// What a program needs that only runs models: layers, networks, model files and streams; nothing of training.
#include "io/model.hpp"
#include "layer/activation.hpp"
#include "layer/dropout.hpp"
#include "layer/embedding.hpp"
#include "layer/gru.hpp"
#include "layer/linear.hpp"
#include "layer/lstm.hpp"
#include "layer/residual.hpp"
#include "layer/rnn.hpp"
#include "layer/softmax.hpp"
#include "network/sequential.hpp"
#include "network/tied.hpp"
#include "operation/add.hpp"
#include "operation/concatenate.hpp"
#include "stream/any_stream.hpp"
#include "stream/packed.hpp"
#include "stream/state.hpp"
#include "stream/stream.hpp"
#include "version.hpp"
