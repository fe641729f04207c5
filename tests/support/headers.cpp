// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
//
// Nothing: the target that compiles the tests' precompiled header needs a source.
int main() { return 0; }
