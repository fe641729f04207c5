// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "opencv_failure.h"

namespace modelhub::opencv_engine {
namespace {

using engine_module::Failure;

constexpr const char* k_another_engine = "try the engine onnxruntime, or export the model again";

// OpenCV's reason in one line and without the places in its sources. Reasons are nested: "> Node
// [Clip@ai.onnx]:(Clip_7) parse error: OpenCV(4.6.0) ./modules/...:40: error: (-215:Assertion
// failed) ... in function 'parseClip'".
std::string plain(const cv::Exception& error) {
  std::string line;
  for (const char c : error.err.empty() ? error.msg : error.err) {
    const bool is_blank = c == '\n' || c == ' ' || c == '>';
    if (!is_blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  for (std::size_t begin = line.find("OpenCV("); begin != std::string::npos;
       begin = line.find("OpenCV(", begin)) {
    const std::size_t end = line.find("error: (", begin);
    const std::size_t after = end == std::string::npos ? end : line.find(") ", end);
    if (after == std::string::npos) break;
    line.erase(begin, after + 2 - begin);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

Failure explain_load(const cv::Exception& error, const std::string& complaint,
                     const std::string& model, const Version& opencv) {
  if (error.code == cv::Error::StsNoMem)
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to load " + model);
  const std::string what = "OpenCV " + opencv.text + " cannot load " + model + ": ";
  if (!complaint.empty())
    return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, what + complaint, k_another_engine);
  return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, what + plain(error), k_another_engine);
}

Failure explain_run(const cv::Exception& error, const std::string& model, bool is_open,
                    const Version& opencv) {
  if (error.code == cv::Error::StsNoMem)
    return Failure(MH_OUT_OF_MEMORY, MH_ABOUT_ENGINE, "no memory left to run " + model);
  const std::string what =
      "OpenCV " + opencv.text + " failed to run " + model + ": " + plain(error);
  if (is_open)
    return Failure(MH_INVALID_ARGUMENT, MH_ABOUT_INPUT, what, "try an input of another size");
  return Failure(MH_UNSUPPORTED, MH_ABOUT_MODEL, what, k_another_engine);
}

}  // namespace modelhub::opencv_engine
