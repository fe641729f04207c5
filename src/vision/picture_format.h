// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "modelhub/error.h"

namespace modelhub::vision {

enum class PictureFormat { unknown, jpeg, png, webp, tiff };

// As many bytes of a file as the functions below ever look at.
inline constexpr std::size_t k_signature_bytes = 1024;

// Told by the first bytes, as the formats' own documents say.
PictureFormat picture_format_of(std::span<const std::byte> bytes);

// Why bytes of no PictureFormat cannot be read: names what they are where that can be told (another
// picture format, PDF, a video, a web page, a Git LFS pointer, text). REQUIRES: bytes not empty.
Error explain_unknown_format(std::span<const std::byte> bytes, const std::string& name);

}  // namespace modelhub::vision
