/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A library that says which Tesseract it is and can do nothing else: as one that is too old. */

__attribute__((visibility("default"))) const char* TessVersion(void);
const char* TessVersion(void) { return "5.0.0-old"; }
