// SPDX-License-Identifier: MIT
#pragma once

/// Rondo's version. Everything lives in the inline namespace rondo::vMAJOR_MINOR, so that libraries built with
/// different versions share a process without sharing a symbol; write rondo::LSTM, never the version's name.
#define RONDO_VERSION_MAJOR 0
#define RONDO_VERSION_MINOR 1
#define RONDO_VERSION_PATCH 0
