// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modelhub/byte_count.h"
#include "modelhub/device.h"
#include "modelhub/export.h"
#include "modelhub/log.h"
#include "modelhub/own_model.h"
#include "modelhub/result.h"

namespace modelhub MODELHUB_API {

// Options have user-provided constructors on purpose: g++ 12 frees an aggregate twice that is a
// defaulted parameter inside a co_await expression.

enum class Network { allowed, offline };

// A bearer token for one server. It goes to exactly this scheme, host and port, and never along
// with a redirect to another.
struct HostToken {
  std::string origin;  // "https://huggingface.co"; http only for this machine itself
  std::string token;
};

// What a hub is opened with. Every field has a default that works.
struct HubOptions {
  // Where models are kept. Empty: ~/.omni_dev/models of the user in the password database.
  std::string home;

  // Catalog documents on top of the built-in catalog, later ones winning; each is a file or a
  // folder of *.json. <home>/catalog.d is always read, between system_catalog and these.
  std::vector<std::string> catalogs;
  std::string system_catalog = "/etc/modelhub/catalog.d";

  // Base URLs (https, http, file) that have files under sha256/<hex>. Tried in this order, before a
  // file's own URLs.
  std::vector<std::string> mirrors;

  // offline: nothing is ever fetched, also not from a file:// mirror; what is installed works as
  // always.
  Network network = Network::allowed;

  // SPDX names of the licences that may be pulled; empty: all. What is installed already is not
  // looked at.
  std::vector<std::string> licenses;

  // Certificates of authorities (PEM) in place of the system's: a file, or a folder as `openssl
  // rehash` makes it.
  std::string ca_file;

  // For servers that want to know who asks.
  std::vector<HostToken> tokens;
  // A file with more of them, each line "https://host TOKEN"; what `tokens` says wins. It must
  // belong to this user and be readable by nobody else (mode 0600), or nothing is opened. Empty:
  // none.
  std::string token_file;

  // Bytes a second for all downloads of this hub together; 0: as fast as the line allows, which on
  // a shared line is felt by others.
  ByteCount limit_rate;
  // At most so many connections for one file, 1 to 16. More are opened only where one does not
  // fill the line.
  int connections = 8;
  // How long one file may take in all, waiting included; 0: as long as bytes arrive.
  std::chrono::milliseconds download_deadline{0};

  // Folders with engine modules, searched before those that come with modelhub.
  std::vector<std::string> engine_path;
  // What engine modules are told when they are probed, such as "onnxruntime.library_dir".
  std::map<std::string, std::string> engine_settings;

  // Threads for the inference of one call. 0: the cores that this process may use. More than the
  // cores slows down.
  int threads = 0;

  // What loaded models may take of main memory together; 0: four fifths of what this process may
  // have (of a GPU's memory it is always nine tenths). Before a load that does not fit, idle models
  // are unloaded, the one that was not used for the longest time first, but none in its first two
  // seconds; a load that finds no room for 30 seconds fails with out_of_memory. A model counts with
  // what its load was measured to take, and before that with its engine's estimate.
  ByteCount memory_budget;
  // How long a model stays in memory that nobody uses; 0: it goes with the last lease, so that
  // whoever holds none has it loaded anew by each call. Nothing: as long as there is room.
  std::optional<std::chrono::milliseconds> keep_alive;

  // Told what is worth telling; see log.h. Empty: nobody.
  LogSink log;

  HubOptions() {}

  // The same, filled from the environment: MODELHUB_HOME, MODELHUB_CATALOG, MODELHUB_MIRRORS,
  // MODELHUB_LICENSES, MODELHUB_ENGINE_PATH, MODELHUB_OFFLINE, MODELHUB_CA_FILE,
  // MODELHUB_TOKEN_FILE (else ~/.config/modelhub/tokens when it is there), MODELHUB_TOKENS
  // ("https://host=TOKEN"), HF_TOKEN (for https://huggingface.co), ONNXRUNTIME_ROOT, OPENVINO_ROOT,
  // and HOME.
  // Lists of paths are separated by ':', lists of URLs, tokens and licences by ','. The only place
  // where modelhub reads the environment; the proxy variables are libcurl's.
  static HubOptions from_environment();
};

// How exactly an engine must compute.
enum class Precision {
  exact,   // as the model's file says; what is float32 there stays so
  golden,  // also with fewer bits, where the engine finds that faster: bfloat16 on CPUs that have
           // it
};

std::string_view name_of(Precision precision);
// Errors: invalid_argument, Subject::usage.
Result<Precision> parse_precision(std::string_view text);

// How a model is loaded.
struct LoadOptions {
  std::string device =
      "auto";  // see DeviceRequest: auto, cpu, gpu, or a device's id such as cuda:0
  // What to do when that device cannot be used. A device that is named exactly, and "cpu", never
  // fall back.
  DeviceFallback fallback = DeviceFallback::any;
  // The engine, "openvino". Empty: the one that Hub::tune() found the fastest, else the first of
  // the catalog's list that can run it here. With a device, an engine or threads that are named,
  // what tuning found is not looked at.
  std::string engine;
  // Only for a file of the user's own, named by its path.
  ModelFileOptions file;
  // golden may change scores in the third digit. Nothing: as Hub::tune() found it, else exact.
  std::optional<Precision> precision;
  // Threads of one run, at most those of the hub. 0: as tuning found it, else those of the hub.
  int threads = 0;

  LoadOptions() {}
};

// How much Hub::fetch() takes, and how long.
struct FetchOptions {
  // A larger file is refused. Memory: this much for the file, and once more for each copy of it.
  ByteCount max_bytes{256ULL << 20U};
  // Over all attempts. 0: HubOptions::download_deadline, and where that is 0 too, 2 minutes.
  std::chrono::milliseconds deadline{0};

  FetchOptions() {}
};

// Options of one call. A model's recipe has a default for each; what a task has no use for is
// ignored.
class RunOptions {
 public:
  RunOptions() {}

  // Answers below this score are left out; 0..1.
  RunOptions& conf(float value) {
    conf_ = value;
    return *this;
  }
  // Of two boxes of one class that overlap by more than this (intersection over union), the weaker
  // goes; 0..1.
  RunOptions& iou(float value) {
    iou_ = value;
    return *this;
  }
  // Only these classes, by label or by number. Unknown labels are an error.
  RunOptions& classes(std::vector<std::string> value) {
    classes_ = std::move(value);
    return *this;
  }
  // At most this many answers, the best ones; at least 1.
  RunOptions& max_det(int value) {
    max_det_ = value;
    return *this;
  }

  const std::optional<float>& conf() const { return conf_; }
  const std::optional<float>& iou() const { return iou_; }
  const std::vector<std::string>& classes() const { return classes_; }
  const std::optional<int>& max_det() const { return max_det_; }

 private:
  std::optional<float> conf_;
  std::optional<float> iou_;
  std::vector<std::string> classes_;
  std::optional<int> max_det_;
};

using DetectOptions = RunOptions;
using ClassifyOptions = RunOptions;
using FaceOptions = RunOptions;
using TextOptions = RunOptions;

}  // namespace MODELHUB_API
