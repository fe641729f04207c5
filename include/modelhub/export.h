// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Marks the namespaces of the public headers: what they declare can be seen outside of the shared
// library; everything else stays inside.
#define MODELHUB_API __attribute__((visibility("default")))
