// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "pictures.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <pybind11/stl.h>

#include "errors.h"

namespace modelhub::python {
namespace {

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;
using Ints = py::array_t<int, py::array::c_style | py::array::forcecast>;

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  raise(Error(ErrorCode::invalid_argument, Subject::input, message, hint));
}

std::string described(const py::array& array) {
  return "an array of " + std::string(py::str(array.dtype())) + " with the shape " +
         std::string(py::str(array.attr("shape")));
}

bool is_bgr(const std::string& color) {
  if (color == "bgr" || color == "rgb") return color == "bgr";
  raise(Error(ErrorCode::invalid_argument, Subject::usage, "'" + color + "' is no order of colours",
              "use \"bgr\" (as OpenCV has them) or \"rgb\""));
}

PixelFormat format_of(py::ssize_t channels, bool bgr) {
  if (channels == 1) return PixelFormat::gray8;
  if (channels == 3) return bgr ? PixelFormat::bgr8 : PixelFormat::rgb8;
  return bgr ? PixelFormat::bgra8 : PixelFormat::rgba8;
}

// A picture in memory as the view wants it: pixels without gaps, rows downwards.
bool lies_well(const py::array& array, py::ssize_t channels) {
  const bool is_flat = array.ndim() == 2;
  const py::ssize_t row = array.strides(0);
  return array.strides(1) == channels && (is_flat || array.strides(2) == 1) &&
         row >= array.shape(1) * channels;
}

// img[..., ::-1] of an array that lies well: three channels, told backwards.
bool lies_backwards(const py::array& array, py::ssize_t channels) {
  return channels == 3 && array.strides(2) == -1 && array.strides(1) == 3 &&
         array.strides(0) >= array.shape(1) * 3;
}

template <class T>
py::capsule keep(T* owned) {
  return py::capsule(owned, [](void* pointer) { delete static_cast<T*>(pointer); });
}

py::dtype dtype_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return py::dtype("float32");
    case DType::float16: return py::dtype("float16");
    case DType::bfloat16: return py::dtype("uint16");  // NumPy has none: its bits
    case DType::float64: return py::dtype("float64");
    case DType::uint8: return py::dtype("uint8");
    case DType::int8: return py::dtype("int8");
    case DType::uint16: return py::dtype("uint16");
    case DType::int16: return py::dtype("int16");
    case DType::int32: return py::dtype("int32");
    case DType::int64: return py::dtype("int64");
    case DType::boolean: return py::dtype("bool");
  }
  return py::dtype("uint8");
}

Image own_copy(const py::array& array, const std::string& color) {
  const Borrowed borrowed = borrow(array, color);
  return unwrap(blocking([view = borrowed.view] { return Image::copy_of(view); }, borrowed.owner));
}

// Draws on a copy, in the colours of the original.
template <class Answer>
py::array drawn(const py::array& array, const std::string& color, Answer answer, float line_width,
                float font_size) {
  auto image = std::make_shared<Image>(own_copy(array, color));
  unwrap(blocking([image, answer = std::move(answer), line_width, font_size] {
    DrawOptions options;
    options.line_width = line_width;
    options.font_size = font_size;
    return draw(*image, answer, options);
  }));
  return to_array(std::move(*image));
}

Box box_at(const py::detail::unchecked_reference<float, 2>& boxes, py::ssize_t i) {
  return {boxes(i, 0), boxes(i, 1), boxes(i, 2), boxes(i, 3)};
}

py::array draw_boxes(const py::array& array, const std::string& color, const Floats& boxes,
                     const std::vector<std::string>& labels, float line_width, float font_size) {
  const auto rows = boxes.unchecked<2>();
  Detections detections;
  for (py::ssize_t i = 0; i < rows.shape(0); ++i) {
    detections.items.push_back({labels.at(static_cast<std::size_t>(i)),
                                static_cast<int>(rows(i, 5)), rows(i, 4), box_at(rows, i)});
  }
  return drawn(array, color, std::move(detections), line_width, font_size);
}

py::array draw_faces(const py::array& array, const std::string& color, const Floats& boxes,
                     const Floats& landmarks, float line_width, float font_size) {
  const auto rows = boxes.unchecked<2>();
  const auto points = landmarks.unchecked<3>();
  Faces faces;
  for (py::ssize_t i = 0; i < rows.shape(0); ++i) {
    Face face{rows(i, 4), box_at(rows, i), {}, {}};
    for (py::ssize_t k = 0; k < points.shape(1); ++k)
      face.landmarks.push_back({points(i, k, 0), points(i, k, 1)});
    faces.items.push_back(std::move(face));
  }
  return drawn(array, color, std::move(faces), line_width, font_size);
}

py::array draw_classes(const py::array& array, const std::string& color, const Ints& ids,
                       const Floats& scores, const std::vector<std::string>& labels,
                       float line_width, float font_size) {
  Classifications classes;
  for (py::ssize_t i = 0; i < ids.size(); ++i)
    classes.items.push_back({labels.at(static_cast<std::size_t>(i)), ids.at(i), scores.at(i)});
  return drawn(array, color, std::move(classes), line_width, font_size);
}

py::array draw_words(const py::array& array, const std::string& color, const Floats& boxes,
                     const Ints& lines, float line_width, float font_size) {
  const auto rows = boxes.unchecked<2>();
  Text text;
  for (py::ssize_t i = 0; i < rows.shape(0); ++i) {
    Word word;
    word.score = rows(i, 4);
    word.box = box_at(rows, i);
    word.line = lines.at(i);
    text.items.push_back(std::move(word));
  }
  return drawn(array, color, std::move(text), line_width, font_size);
}

// The pixels in the other order of colours.
py::array swapped_copy(const std::shared_ptr<Image>& image) {
  return to_array(unwrap(blocking([image] {
    return Image::create(image->width(), image->height(), PixelFormat::bgr8)
        .transform([&](Image copy) {
          const ImageView from = image->view();
          for (int y = 0; y < from.height; ++y) {
            const std::uint8_t* source = from.row(y);
            std::uint8_t* target = copy.row(y);
            for (int x = 0; x < from.width; ++x, source += 3, target += 3) {
              target[0] = source[2];
              target[1] = source[1];
              target[2] = source[0];
            }
          }
          return copy;
        });
  })));
}

// One that is decoded in no time: no pipe, nor a scan of a whole wall.
bool is_small_file(const std::string& path) {
  constexpr std::uintmax_t k_small = 1'000'000;
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) &&
         std::filesystem::file_size(path, error) < k_small && !error;
}

// The picture's own memory, which the array keeps alive.
py::array shared_array(const std::shared_ptr<Image>& image) {
  return py::array(py::dtype("uint8"), std::vector<py::ssize_t>{image->height(), image->width(), 3},
                   std::vector<py::ssize_t>{py::ssize_t{3} * image->width(), 3, 1}, image->row(0),
                   keep(new std::shared_ptr<Image>(image)));
}

}  // namespace

Borrowed borrow(const py::array& array, const std::string& color) {
  const bool bgr = is_bgr(color);
  const bool is_picture = array.ndim() == 2 || array.ndim() == 3;
  const py::ssize_t channels = array.ndim() == 3 ? array.shape(2) : 1;
  if (!is_picture || (channels != 1 && channels != 3 && channels != 4))
    refuse(described(array) + " is no picture",
           "give [height, width], or [height, width, channels] with 1, 3 or 4 channels");
  if (array.dtype().kind() != 'u' || array.itemsize() != 1)
    refuse(described(array) + " is no picture: pixels are uint8, from 0 to 255",
           "(array * 255).astype('uint8') if its values are from 0 to 1");
  if (array.shape(0) == 0 || array.shape(1) == 0)
    refuse(described(array) + " has no pixel", "check what it was cut out of");
  if (array.shape(0) > 1 << 24 || array.shape(1) > 1 << 24)
    refuse(described(array) + " is too large for a picture", "scale it down");
  Borrowed borrowed;
  borrowed.view.width = static_cast<int>(array.shape(1));
  borrowed.view.height = static_cast<int>(array.shape(0));
  borrowed.owner = array;
  if (lies_backwards(array, channels)) {
    borrowed.view.data = static_cast<const std::uint8_t*>(array.data()) - 2;
    borrowed.view.stride = array.strides(0);
    borrowed.view.format = format_of(channels, !bgr);
    return borrowed;
  }
  py::array usable = array;
  if (!lies_well(array, channels)) {
    usable = py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>::ensure(array);
    if (!usable) throw py::error_already_set();
    borrowed.owner = usable;
  }
  borrowed.view.data = static_cast<const std::uint8_t*>(usable.data());
  borrowed.view.stride = usable.strides(0);
  borrowed.view.format = format_of(channels, bgr);
  return borrowed;
}

py::array to_array(Image image) {
  auto* const owned = new Image(std::move(image));
  const py::ssize_t channels = channels_of(owned->format());
  const py::capsule owner = keep(owned);
  return py::array(
      py::dtype("uint8"), std::vector<py::ssize_t>{owned->height(), owned->width(), channels},
      std::vector<py::ssize_t>{channels * owned->width(), channels, 1}, owned->row(0), owner);
}

py::array to_array(Tensor tensor) {
  auto* const owned = new Tensor(std::move(tensor));
  const py::capsule owner = keep(owned);
  return py::array(dtype_of(owned->dtype()),
                   std::vector<py::ssize_t>(owned->shape().begin(), owned->shape().end()),
                   owned->data(), owner);
}

LentTensor lend(const std::string& name, const py::object& given) {
  const std::string what = "input '" + name + "' is ";
  if (!py::isinstance<py::array>(given)) {
    refuse(what + "a " + std::string(py::str(py::type::of(given).attr("__name__"))) +
               ", not a NumPy array",
           "numpy.asarray(values, 'float32')");
  }
  auto array = py::reinterpret_borrow<py::array>(given);
  const std::string type = py::str(array.dtype().attr("name"));
  const Result<DType> dtype = parse_dtype(type);
  if (!dtype) {
    refuse(what + described(array) + ", a type that no model takes", "use array.astype('float32')");
  }
  const auto address = reinterpret_cast<std::uintptr_t>(array.data());
  const bool is_lendable = (array.flags() & py::array::c_style) != 0 &&
                           py::cast<bool>(array.dtype().attr("isnative")) &&
                           address % size_of(*dtype) == 0;
  if (!is_lendable) {
    array = array.attr("astype")(array.dtype().attr("newbyteorder")("="), py::arg("order") = "C");
  }
  const std::span<const std::byte> memory(static_cast<const std::byte*>(array.data()),
                                          static_cast<std::size_t>(array.nbytes()));
  Shape shape(array.shape(), array.shape() + array.ndim());
  return {{name, unwrap(Tensor::borrow(*dtype, std::move(shape), memory))}, array};
}

void bind_pictures(py::module_& module) {
  py::class_<Image, std::shared_ptr<Image>>(module, "Picture")
      .def_static("load",
                  [](const std::string& path) {
                    const auto work = [path] { return Image::load(path); };
                    return std::make_shared<Image>(
                        unwrap(is_small_file(path) ? briefly(work) : blocking(work)));
                  })
      .def_static(
          "decode",
          [](const py::bytes& bytes, const std::string& name) {
            const std::string_view content = bytes;
            return std::make_shared<Image>(unwrap(blocking(
                [content, name] { return Image::decode(std::as_bytes(std::span(content)), name); },
                bytes)));
          })
      .def_property_readonly("width", &Image::width)
      .def_property_readonly("height", &Image::height)
      .def_property_readonly("dpi", &Image::dpi)
      .def("rgb", &shared_array)
      .def("bgr", &swapped_copy);
  module.def("draw_boxes", &draw_boxes);
  module.def("draw_faces", &draw_faces);
  module.def("draw_classes", &draw_classes);
  module.def("draw_words", &draw_words);
  module.def("save_picture",
             [](const py::array& array, const std::string& color, const std::string& path) {
               auto image = std::make_shared<Image>(own_copy(array, color));
               unwrap(blocking([image, path] { return image->save(path); }));
             });
}

}  // namespace modelhub::python
