// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace modelhub::vision {

// The Orientation tag (0x0112) of an EXIF block: a TIFF header, then its first directory. A leading
// "Exif\0\0" is skipped. 1 (upright) when there is no such tag or the block makes no sense: what
// stands in the metadata never makes a picture unreadable.
//
// The values, as the side that the first stored row and the first stored column show: 1 top left,
// 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left
// bottom.
//
// Reads the directory once, never outside `block`, and follows no other offset.
int orientation_in_exif(std::span<const std::byte> block);

}  // namespace modelhub::vision
