// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace modelhub::engine {

// Writes an OpenVINO IR of two files, right ones and wrong ones: y = x + w, with x of [N, 3] and w
// three floats of the second file.
struct TinyIr {
  std::string version = "11";
  std::string op = "Add";
  std::string output_names = "y";
  float weights[3] = {10, 20, 30};

  std::string bin() const { return {reinterpret_cast<const char*>(weights), sizeof weights}; }

  std::string xml() const {
    const std::string open = "<dim>-1</dim><dim>3</dim>";
    const std::string fixed = "<dim>1</dim><dim>3</dim>";
    return "<?xml version=\"1.0\"?>\n<net name=\"tiny\" version=\"" + version +
           "\">\n<layers>\n"
           "<layer id=\"0\" name=\"x\" type=\"Parameter\" version=\"opset1\">"
           "<data shape=\"?,3\" element_type=\"f32\"/><output>" +
           port(0, " names=\"x\"", open) +
           "</output></layer>\n"
           "<layer id=\"1\" name=\"w\" type=\"Const\" version=\"opset1\">"
           "<data element_type=\"f32\" shape=\"1,3\" offset=\"0\" size=\"12\"/><output>" +
           port(0, "", fixed) +
           "</output></layer>\n"
           "<layer id=\"2\" name=\"sum\" type=\"" +
           op + "\" version=\"opset1\"><data auto_broadcast=\"numpy\"/><input>" +
           port(0, "", open) + port(1, "", fixed) + "</input><output>" +
           port(2, " names=\"" + output_names + "\"", open) +
           "</output></layer>\n"
           "<layer id=\"3\" name=\"result\" type=\"Result\" version=\"opset1\"><input>" +
           port(0, "", open) + "</input></layer>\n</layers>\n<edges>\n" + edge(0, 0, 2, 0) +
           edge(1, 0, 2, 1) + edge(2, 2, 3, 0) + "</edges>\n</net>\n";
  }

 private:
  static std::string port(int id, const std::string& names, const std::string& sides) {
    return "<port id=\"" + std::to_string(id) + "\" precision=\"FP32\"" + names + ">" + sides +
           "</port>";
  }
  static std::string edge(int from, int from_port, int to, int to_port) {
    return "<edge from-layer=\"" + std::to_string(from) + "\" from-port=\"" +
           std::to_string(from_port) + "\" to-layer=\"" + std::to_string(to) + "\" to-port=\"" +
           std::to_string(to_port) + "\"/>\n";
  }
};

}  // namespace modelhub::engine
