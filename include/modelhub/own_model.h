// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "modelhub/digest.h"
#include "modelhub/export.h"
#include "modelhub/store.h"

namespace modelhub MODELHUB_API {

// Models of the user: files that no catalog knows. What such a file says of itself (its inputs and
// outputs, the metadata of an Ultralytics export) is believed and checked against its shapes; what
// it does not say has to be told. Options have user-provided constructors on purpose: options.h.

// What is told about a file. Every field may be left open; it is an error when the file leaves it
// open too, and the error names the field.
struct ModelFileOptions {
  // How it is fed and read: one of recipe_kinds(), or the name of a model of the catalog that it is
  // like. Wins over what the file declares.
  std::string recipe;
  // Pixels that pictures are brought to; 0: as the file says. Only files that take several sizes
  // leave it open.
  int width = 0;
  int height = 0;
  // A file with one label a line in the order of class ids, or a list of modelhub's own: coco80,
  // coco90, imagenet1k. Wins over the names in the file. Without either, classes are numbers.
  std::string labels;
  // "rgb", "bgr" or "gray"; empty: the recipe's.
  std::string color;
  // y = (x * scale - mean) / std for each channel, x from 0 to 255; one number for all channels, or
  // one for each. Open: the recipe's.
  std::optional<double> scale;
  std::vector<double> mean;
  std::vector<double> std;

  ModelFileOptions() {}
  bool is_empty() const {
    return recipe.empty() && width == 0 && height == 0 && labels.empty() && color.empty() &&
           !scale && mean.empty() && std.empty();
  }
};

struct RegisterOptions {
  // Lower-case letters, digits and '_'; at most 48. Empty: made of the file's name.
  std::string name;
  // Letters, digits and any of "._+-"; at most 48. Empty: "1".
  std::string version;
  // SPDX id. Empty: as the file says, else NOASSERTION.
  std::string license;
  // What the file must be. For a URL it is the only proof; without it the digest of what arrives is
  // believed once and demanded ever after.
  std::optional<Digest> sha256;
  ModelFileOptions file;

  RegisterOptions() {}
};

struct RegisterReport {
  std::string reference;  // in full: name@version:variant
  InstalledModel model;
  // The same bytes were registered under this name and version already: nothing was changed.
  bool was_registered = false;
  // It came from a URL without RegisterOptions::sha256: nobody has vouched for the digest.
  bool is_trusted_on_first_use = false;
  std::string document;  // the catalog document that knows it from now on
  // What was read from the file and what was taken for granted: sentences for people.
  std::vector<std::string> assumptions;
};

// The kinds that ModelFileOptions::recipe knows by a name of their own: "yolov8", "yolox", ...
std::vector<std::string> recipe_kinds();

}  // namespace MODELHUB_API
