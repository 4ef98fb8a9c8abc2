// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/trainer.hpp>

#include <support/backend.hpp>
#include <support/training.hpp>

// Two backends with equal results: one executes work later, the other immediately.

using AsyncBackend = TestBackend<double>;
using SyncBackend = rondo::EigenBackend<double>;

template <class B>
using Followed = rondo::Trainer<Tracker, rondo::MeanSquaredError, rondo::Adam, B>;
