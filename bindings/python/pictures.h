// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <pybind11/numpy.h>

#include "interpreter.h"
#include <modelhub/draw.h>
#include <modelhub/image.h>
#include <modelhub/tensor.h>

namespace modelhub::python {

// Pixels that belong to a NumPy array, seen by the library.
struct Borrowed {
  ImageView view;
  py::object owner;  // must live as long as the view is used
};

// An array uint8 [H,W], [H,W,1], [H,W,3] or [H,W,4] as a picture. `color` says what three or four
// channels are: "bgr" or "rgb". Rows may have gaps between them and channels may run backwards
// (img[..., ::-1]); what lies otherwise in memory is copied. Errors: invalid_argument, raised.
Borrowed borrow(const py::array& array, const std::string& color);

// Arrays that own what they show; nothing is copied.
py::array to_array(Image image);
py::array to_array(Tensor tensor);

// A tensor over the elements of a NumPy array.
struct LentTensor {
  NamedTensor tensor;
  py::object owner;  // must live as long as the tensor is used
};

// The array where it lies, if its elements are dense, aligned and in this machine's order of bytes;
// else of a copy. Errors: invalid_argument, raised, for what is no array and for elements that no
// model takes.
LentTensor lend(const std::string& name, const py::object& given);

void bind_pictures(py::module_& module);

}  // namespace modelhub::python
