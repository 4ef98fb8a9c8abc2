// SPDX-License-Identifier: MIT
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define RONDO_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RONDO_TEST_SANITIZED
#endif
#endif
