// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace modelhub::test {

// Whether this is a build for a sanitizer. One runs several times slower, and looks for other
// faults than those that need many rounds to show: tests that go through very many cases take a
// part then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool k_is_sanitized = true;
#else
inline constexpr bool k_is_sanitized = false;
#endif

}  // namespace modelhub::test
