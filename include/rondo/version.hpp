// SPDX-License-Identifier: MIT
#pragma once

/// Rondo's version. All names are in the inline namespace rondo::vMAJOR_MINOR, so that libraries built with different
/// versions can be loaded into one process without sharing symbols. Write rondo::LSTM, never the namespace of a
/// version.
#define RONDO_VERSION_MAJOR 0
#define RONDO_VERSION_MINOR 1
#define RONDO_VERSION_PATCH 0

#define RONDO_DETAIL_NAMESPACE(major, minor) v##major##_##minor
#define RONDO_DETAIL_EXPANDED(major, minor) RONDO_DETAIL_NAMESPACE(major, minor)
/// Every header opens `namespace rondo::inline RONDO_VERSION_NAMESPACE`.
#define RONDO_VERSION_NAMESPACE RONDO_DETAIL_EXPANDED(RONDO_VERSION_MAJOR, RONDO_VERSION_MINOR)
