// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <charconv>
#include <string_view>

#include <CLI/CLI.hpp>

#include <modelhub/closest_match.h>
#include <modelhub/version.h>

namespace modelhub::cli {
namespace {

constexpr const char* k_examples =
    "Examples:\n"
    "  modelhub run yolox_s street.jpg                 boxes, and an annotated picture\n"
    "  modelhub run yolov8n a.jpg b.jpg --json         the same as JSON, for programs\n"
    "  modelhub compare a.jpg b.jpg                    is it the same person?\n"
    "  modelhub pull mobilenet_v2@12:onnx-int8         one version and variant\n"
    "  modelhub search --task detect --license MIT     what there is\n"
    "  modelhub run ./best.onnx street.jpg             a model of your own, where it lies\n"
    "  modelhub register best.onnx --name parcels      and as a model like any other\n"
    "\n"
    "Environment: MODELHUB_HOME, MODELHUB_CATALOG, MODELHUB_MIRRORS, MODELHUB_LICENSES, "
    "MODELHUB_OFFLINE,\n"
    "MODELHUB_ENGINE_PATH, MODELHUB_CA_FILE, ONNXRUNTIME_ROOT, OPENVINO_ROOT, NO_COLOR.\n"
    "Exit codes: 0 ok, 1 other, 2 usage, 3 not found, 4 network, 5 verification, 6 storage, 7 "
    "device or engine,\n"
    "8 offline and not installed, 130 interrupted.";

Error usage_error(std::string message, const std::string& hint) {
  return {ErrorCode::invalid_argument, Subject::usage, std::move(message), hint};
}

// The values that CLI11 writes into while it parses.
struct Values {
  Invocation invocation;
  bool json = false;
  bool quiet = false;
  bool offline = false;
  std::string home;
  std::string ca_file;
  std::vector<std::string> catalogs;
  std::vector<std::string> mirrors;
  std::string licenses;
  std::string limit_rate;
  int connections = 0;
  int deadline = 0;
  ListCommand list;
  SearchCommand search;
  ShowCommand show;
  PullCommand pull;
  VersionsCommand versions;
  VerifyCommand verify;
  RepairCommand repair;
  RemoveCommand remove;
  PinCommand pin;
  PruneCommand prune;
  std::string prune_to;
  std::string new_budget;
  RegisterCommand add;  // "register" is a word of the language
  std::string sha256;
  // how a file of the user's own is fed and read; for run and register
  ModelFileOptions file;
  std::string size;
  double scale = 1;
  RunCommand run;
  SelfTestCommand self_test;
  CompareCommand compare;
  TuneCommand tune;
  std::string fallback = "any";
  bool is_strict = false;
  std::string precision;
  std::string variants;
  float conf = 0;
  float iou = 0;
  int max_det = 0;
  std::vector<std::string> classes;
};

void add_global_options(CLI::App& app, Values& values) {
  app.add_flag("--json", values.json, "Data as JSON with a schema_version; errors too");
  app.add_flag("-q,--quiet", values.quiet, "Only data and errors");
  app.add_flag("--offline", values.offline, "Fetch nothing: only what is installed");
  app.add_option("--home", values.home, "Where models are kept (default ~/.omni_dev/models)")
      ->type_name("DIR");
  app.add_option("--catalog", values.catalogs, "A catalog document on top of the others")
      ->type_name("FILE");
  app.add_option("--mirror", values.mirrors,
                 "Base URL that has files under sha256/<hex>, tried first")
      ->type_name("URL");
  app.add_option("--cacert", values.ca_file,
                 "Certificates to trust (PEM, or a folder of them), in place of the system's")
      ->type_name("FILE");
  app.add_option("--limit-rate", values.limit_rate,
                 "At most so many bytes a second for all downloads: 500kB, 2MB")
      ->type_name("RATE");
  app.add_option("--connections", values.connections,
                 "At most so many connections for one file (default 8)")
      ->check(CLI::Range(1, 16));
  app.add_option("--deadline", values.deadline,
                 "Give a download up after so many seconds in all (default: never)")
      ->check(CLI::Range(1, 7 * 24 * 3600))
      ->type_name("SECONDS");
  app.add_option("--licenses", values.licenses,
                 "Pull only models of these licences: Apache-2.0,MIT")
      ->type_name("LIST");
}

void add_catalog_commands(CLI::App& app, Values& values) {
  CLI::App* list = app.add_subcommand("list", "The models that exist and what is installed");
  list->add_flag("--installed", values.list.installed_only, "Only what is installed");
  CLI::App* search = app.add_subcommand("search", "Models by words, task or licence");
  search->add_option("text", values.search.text, "Words in the name or title");
  search->add_option("--task", values.search.task, "detect, classify, find_faces, ...")
      ->type_name("TASK");
  search->add_option("--license", values.search.license, "SPDX name")->type_name("NAME");
  CLI::App* show = app.add_subcommand("show", "One model: versions, variants, files, licence");
  show->add_option("model", values.show.model, "Name or alias")->required();
  CLI::App* versions =
      app.add_subcommand("versions", "The versions of a model, and which one its name means");
  versions->add_option("model", values.versions.model, "Name or alias")->required();
  CLI::Option* set =
      versions
          ->add_option("--default", values.versions.new_default,
                       "From now on the plain name means this version, or version:variant")
          ->type_name("VERSION");
  versions
      ->add_flag("--no-default", values.versions.clear_default,
                 "From now on the plain name means what the catalog says")
      ->excludes(set);
}

void add_store_commands(CLI::App& app, Values& values) {
  CLI::App* pull = app.add_subcommand("pull", "Install models: fetch, verify, publish");
  pull->add_option("model", values.pull.models, "name[@version][:variant]")->required();
  pull->add_flag("--dry-run", values.pull.dry_run, "Say what would be fetched");
  CLI::App* verify =
      app.add_subcommand("verify", "Look whether installed files are still the right ones");
  verify->add_option("model", values.verify.models, "Which; all when none is given");
  verify->add_flag("--full", values.verify.full, "Read and hash every byte");
  CLI::App* repair =
      app.add_subcommand("repair", "Fetch the damaged parts of installed files again");
  repair->add_option("model", values.repair.models, "Which; all when none is given");
  CLI::App* remove = app.add_subcommand("rm", "Remove installed models");
  remove->add_option("model", values.remove.models, "name[@version][:variant]")->required();
  remove->add_flag("--dry-run", values.remove.dry_run, "Say what would be removed");
  remove->add_flag("--forget", values.remove.forget,
                   "For good: also what the catalog knows of a model that was registered");
  for (const auto& [name, what] : {std::pair{"pin", "Never remove these to make room for others"},
                                   std::pair{"unpin", "Let these be removed to make room again"}}) {
    CLI::App* pin = app.add_subcommand(name, what);
    pin->add_option("model", values.pin.models, "name[@version][:variant]")->required();
  }
  CLI::App* prune = app.add_subcommand(
      "prune", "Remove what nothing needs: unfinished downloads, damaged and unnamed files");
  prune->add_flag("--dry-run", values.prune.dry_run, "Say what would be removed");
  prune
      ->add_option("--to", values.prune_to,
                   "And models, least recently used first, until no more than this is used: 5GB")
      ->type_name("SIZE");
  CLI::App* cache = app.add_subcommand("cache", "How much the models take, and who holds it");
  CLI::App* budget = cache->add_subcommand("budget", "How much they may take: show it or set it");
  budget->add_option("size", values.new_budget, "20GB, 500MiB; kept in the store")
      ->type_name("SIZE");
}

// What a file does not say itself.
void add_file_options(CLI::App& command, Values& values) {
  std::string kinds;
  for (const std::string& kind : recipe_kinds()) kinds += (kinds.empty() ? "" : ", ") + kind;
  const char* const group = "A file of your own, where it does not say so itself";
  command
      .add_option("--recipe", values.file.recipe,
                  "How it is fed and read: " + kinds + ", or a model of the catalog it is like")
      ->type_name("KIND")
      ->group(group);
  command.add_option("--size", values.size, "Of its input, in pixels: 640 or 640x480")
      ->type_name("SIZE")
      ->group(group);
  command
      .add_option("--labels", values.file.labels,
                  "A file with one label a line, or coco80, coco90, imagenet1k")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--color", values.file.color, "rgb, bgr or gray")->group(group);
  command.add_option("--scale", values.scale, "Levels 0..255 are multiplied by this")->group(group);
  command.add_option("--mean", values.file.mean, "Then this is taken off: one number, or r,g,b")
      ->delimiter(',')
      ->group(group);
  command.add_option("--std", values.file.std, "Then they are divided by this: one, or r,g,b")
      ->delimiter(',')
      ->group(group);
}

void add_register_command(CLI::App& app, Values& values) {
  CLI::App* add = app.add_subcommand(
      "register", "Make a model of a file or URL of your own: like any other from then on");
  add->add_option("source", values.add.source, "model.onnx, the .xml of an OpenVINO IR, or a URL")
      ->required();
  add->add_option("--name", values.add.options.name, "Its name (default: made of the file's)");
  add->add_option("--version", values.add.options.version, "Its version (default 1)");
  add->add_option("--license", values.add.options.license, "SPDX name")->type_name("NAME");
  add->add_option("--sha256", values.sha256, "What the file must be: the proof of a URL")
      ->type_name("DIGEST");
  add_file_options(*add, values);
}

void add_precision_option(CLI::App& command, Values& values) {
  command
      .add_option("--precision", values.precision,
                  "exact (default), or golden: fewer bits where that is faster")
      ->type_name("POLICY");
}

// Where a command runs its model.
void add_load_options(CLI::App& command, Values& values, LoadOptions& load) {
  command.add_option("--device", load.device, "auto, cpu, gpu, or a name such as cuda:0")
      ->type_name("NAME");
  command
      .add_option("--engine", load.engine,
                  "onnxruntime, openvino, ...; default: the tuned one, or the first of the model's")
      ->type_name("NAME");
  CLI::Option* fallback =
      command
          .add_option("--fallback", values.fallback,
                      "never, listed or any (default): when the device cannot be used")
          ->type_name("POLICY");
  command
      .add_flag("--strict", values.is_strict,
                "End with 7 rather than run on another device: --fallback never")
      ->excludes(fallback);
  add_precision_option(command, values);
  command.add_option("--threads", load.threads, "Of one run, at most (default: all cores)")
      ->check(CLI::Range(1, 4096));
}

void add_tune_command(CLI::App& app, Values& values) {
  CLI::App* tune =
      app.add_subcommand("tune", "Find the fastest way to run a model here that is still right");
  tune->add_option("model", values.tune.model, "name[@version][:variant]")->required();
  tune->add_option("--picture", values.tune.options.picture,
                   "What they answer, for a model without a golden picture")
      ->type_name("FILE");
  tune->add_option("--variants", values.variants,
                   "Which are compared: installed (default), or all: the others are pulled first")
      ->type_name("WHICH");
  add_precision_option(*tune, values);
}

void add_compare_command(CLI::App& app, Values& values) {
  CLI::App* compare = app.add_subcommand(
      "compare", "Which face of one picture is the same person as which of another");
  compare
      ->add_option("first", values.compare.first,
                   "A picture: a file, an https URL; - for standard input")
      ->required();
  compare->add_option("second", values.compare.second, "The other one")->required();
  compare
      ->add_option("--model", values.compare.model,
                   "A model of the task recognize_faces (default face_recognition)")
      ->type_name("MODEL");
  add_load_options(*compare, values, values.compare.load);
  compare->add_option("--conf", values.conf, "Least score of a face, 0..1")
      ->check(CLI::Range(0.0, 1.0));
}

void add_run_command(CLI::App& app, Values& values) {
  CLI::App* run = app.add_subcommand("run", "Run a model on pictures, pulling it first if need be");
  run->add_option("model", values.run.model,
                  "name[@version][:variant], or the path of a file of your own")
      ->required();
  run->add_option("picture", values.run.pictures,
                  "JPEG, PNG, WebP or TIFF: files, folders of them, https URLs; - for standard "
                  "input; videos, "
                  "camera:0")
      ->required();
  run->add_option("--out", values.run.out, "Annotated picture: a .png or .jpg, or a folder")
      ->type_name("PATH");
  run->add_flag("--no-picture", values.run.no_picture, "Write no annotated picture");
  run->add_option("--save-crops", values.run.crops, "Folder for what was found, each cut out")
      ->type_name("DIR");
  run->add_option("--every", values.run.every, "Of videos and cameras only each Nth frame")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  run->add_flag("--explain", values.run.explain, "Say why this variant, engine and device");
  add_load_options(*run, values, values.run.load);
  run->add_option("--conf", values.conf, "Least score, 0..1")->check(CLI::Range(0.0, 1.0));
  run->add_option("--iou", values.iou, "Most overlap of two boxes of a class, 0..1")
      ->check(CLI::Range(0.0, 1.0));
  run->add_option("--max-det", values.max_det, "Most answers for a picture")
      ->check(CLI::Range(1, 100000));
  run->add_option("--classes", values.classes, "Only these, by name or number: person,car")
      ->delimiter(',');
  add_file_options(*run, values);
}

// "a, b" -> its parts, without spaces around them.
std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (const std::string& part : CLI::detail::split(text, ',')) {
    std::string trimmed = CLI::detail::trim_copy(part);
    if (!trimmed.empty()) parts.push_back(std::move(trimmed));
  }
  return parts;
}

// "2MB", "500kB/s".
Result<ByteCount> parse_rate(std::string text) {
  if (text.size() > 2 && text.ends_with("/s")) text.resize(text.size() - 2);
  Result<ByteCount> rate = ByteCount::parse(text);
  if (rate && rate->count() > 0) return rate;
  return usage_error("--limit-rate " + text + " is no number of bytes a second",
                     "write it as 500kB or 2MB");
}

Result<void> apply_globals(const Values& values, Invocation& invocation) {
  invocation.format = values.json ? Format::json : Format::text;
  invocation.talk = values.quiet ? Talk::quiet : Talk::normal;
  HubOptions& hub = invocation.hub;
  if (!values.home.empty()) hub.home = values.home;
  if (!values.ca_file.empty()) hub.ca_file = values.ca_file;
  if (values.offline) hub.network = Network::offline;
  if (!values.licenses.empty()) hub.licenses = split_list(values.licenses);
  hub.catalogs.insert(hub.catalogs.end(), values.catalogs.begin(), values.catalogs.end());
  // What is typed is tried before what the environment says.
  hub.mirrors.insert(hub.mirrors.begin(), values.mirrors.begin(), values.mirrors.end());
  if (values.connections > 0) hub.connections = values.connections;
  if (values.deadline > 0) hub.download_deadline = std::chrono::seconds(values.deadline);
  if (!values.limit_rate.empty()) {
    Result<ByteCount> rate = parse_rate(values.limit_rate);
    if (!rate) return std::move(rate).error();
    hub.limit_rate = *rate;
  }
  return {};
}

// "640" is square; "640x480" is width and height.
Result<void> apply_size(const std::string& text, ModelFileOptions& file) {
  const auto number = [](std::string_view digits) {
    int value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, value);
    return failed == std::errc() && stop == end && value <= 65536 ? value : 0;
  };
  const std::size_t cross = text.find('x');
  const std::string_view all = text;
  file.width = number(all.substr(0, cross));
  file.height = cross == std::string::npos ? file.width : number(all.substr(cross + 1));
  if (file.width > 0 && file.height > 0) return {};
  return usage_error("--size " + text + " is no size in pixels", "write it as 640 or 640x480");
}

Result<void> apply_file_options(const CLI::App& command, Values& values) {
  if (command.count("--scale") > 0) values.file.scale = values.scale;
  for (const double number : values.file.std) {
    if (number == 0) return usage_error("--std 0 would divide by 0", "leave it out for none");
  }
  return command.count("--size") > 0 ? apply_size(values.size, values.file) : Result<void>();
}

Result<void> apply_register(const CLI::App& command, Values& values) {
  if (Result<void> applied = apply_file_options(command, values); !applied) return applied;
  values.add.options.file = values.file;
  if (values.sha256.empty()) return {};
  Result<Digest> digest = Digest::parse(values.sha256);
  if (!digest)
    return usage_error("--sha256: " + digest.error().message, "sha256sum FILE prints it");
  values.add.options.sha256 = *digest;
  return {};
}

Result<void> apply_load(const Values& values, LoadOptions& load) {
  Result<DeviceFallback> fallback = parse_device_fallback(values.fallback);
  if (!fallback) return std::move(fallback).error();
  load.fallback = values.is_strict ? DeviceFallback::never : *fallback;
  if (values.precision.empty()) return {};
  Result<Precision> precision = parse_precision(values.precision);
  if (!precision) return std::move(precision).error();
  load.precision = *precision;
  return {};
}

Result<void> apply_run(const CLI::App& run, Values& values) {
  if (Result<void> applied = apply_file_options(run, values); !applied) return applied;
  values.run.load.file = values.file;
  if (run.count("--conf") > 0) values.run.options.conf(values.conf);
  if (run.count("--iou") > 0) values.run.options.iou(values.iou);
  if (run.count("--max-det") > 0) values.run.options.max_det(values.max_det);
  values.run.options.classes(values.classes);
  return apply_load(values, values.run.load);
}

Result<void> apply_compare(const CLI::App& compare, Values& values) {
  if (compare.count("--conf") > 0) values.compare.options.conf(values.conf);
  if (values.compare.first == "-" && values.compare.second == "-")
    return usage_error("standard input is one picture, not two", "name a file for one of them");
  return apply_load(values, values.compare.load);
}

// Nothing for no text.
Result<std::optional<ByteCount>> parse_size(const std::string& text) {
  if (text.empty()) return std::optional<ByteCount>();
  return ByteCount::parse(text).transform([](ByteCount bytes) { return std::optional(bytes); });
}

Result<Invocation> to_invocation(const CLI::App& app, Values& values) {
  Invocation invocation;
  invocation.hub = HubOptions::from_environment();
  if (Result<void> applied = apply_globals(values, invocation); !applied)
    return std::move(applied).error();
  const CLI::App& chosen = *app.get_subcommands().front();
  const std::string& name = chosen.get_name();
  if (name == "list") invocation.command = values.list;
  if (name == "search") invocation.command = values.search;
  if (name == "show") invocation.command = values.show;
  if (name == "versions") invocation.command = values.versions;
  if (name == "repair") invocation.command = values.repair;
  if (name == "pin" || name == "unpin") {
    values.pin.pin = name == "pin";
    invocation.command = values.pin;
  }
  if (name == "prune") {
    Result<std::optional<ByteCount>> to = parse_size(values.prune_to);
    if (!to) return std::move(to).error();
    values.prune.to = *to;
    invocation.command = values.prune;
  }
  if (name == "cache") {
    Result<std::optional<ByteCount>> budget = parse_size(values.new_budget);
    if (!budget) return std::move(budget).error();
    invocation.command = CacheCommand{*budget};
  }
  if (name == "pull") invocation.command = values.pull;
  if (name == "verify") invocation.command = values.verify;
  if (name == "rm") invocation.command = values.remove;
  if (name == "selftest") invocation.command = values.self_test;
  if (name == "register") {
    if (Result<void> applied = apply_register(chosen, values); !applied)
      return std::move(applied).error();
    invocation.command = values.add;
  }
  if (name == "tune") {
    if (!values.precision.empty()) {
      Result<Precision> precision = parse_precision(values.precision);
      if (!precision) return std::move(precision).error();
      values.tune.options.precision = *precision;
    }
    if (!values.variants.empty()) {
      Result<TuneVariants> variants = parse_tune_variants(values.variants);
      if (!variants) return std::move(variants).error();
      values.tune.options.variants = *variants;
    }
    invocation.command = values.tune;
  }
  if (name == "compare") {
    if (Result<void> applied = apply_compare(chosen, values); !applied)
      return std::move(applied).error();
    invocation.command = values.compare;
  }
  if (name == "devices") invocation.command = DevicesCommand();
  if (name == "doctor") invocation.command = DoctorCommand();
  if (name == "run") {
    if (Result<void> applied = apply_run(chosen, values); !applied)
      return std::move(applied).error();
    invocation.command = values.run;
  }
  return invocation;
}

// The first word that is no option and no value of one of the global options, if it names no
// command.
Result<void> check_command_word(const CLI::App& app, int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.empty() || word[0] == '-') {
      const CLI::Option* option =
          word.find('=') == std::string::npos ? app.get_option_no_throw(word) : nullptr;
      if (option != nullptr && option->get_items_expected_max() > 0) ++i;
      continue;
    }
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      if (command->get_name() == word) return {};
      names.push_back(command->get_name());
    }
    const std::optional<std::string> meant = closest_match(word, names);
    return usage_error("'" + word + "' is not a command of modelhub" +
                           (meant ? "; did you mean '" + *meant + "'?" : ""),
                       "modelhub --help lists the commands");
  }
  return {};
}

}  // namespace

Result<std::variant<Invocation, HelpText>> parse_arguments(int argc, const char* const* argv) {
  Values values;
  CLI::App app("modelhub " MODELHUB_VERSION ": gets vision models onto this machine and runs them",
               "modelhub");
  app.footer(k_examples);
  app.set_version_flag("--version", "modelhub " MODELHUB_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  add_global_options(app, values);
  add_catalog_commands(app, values);
  add_store_commands(app, values);
  add_register_command(app, values);
  add_run_command(app, values);
  add_compare_command(app, values);
  CLI::App* self_test = app.add_subcommand(
      "selftest", "Let models answer the catalog's own pictures on this machine, with each engine");
  self_test->add_option("model", values.self_test.models,
                        "Which; all installed ones when none is given");
  add_tune_command(app, values);
  app.add_subcommand("devices", "The devices of this machine, and which engine can use them");
  app.add_subcommand("doctor", "Look at everything modelhub needs, and say what is wrong");
  if (Result<void> known = check_command_word(app, argc, argv); !known)
    return std::move(known).error();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return std::variant<Invocation, HelpText>(
        HelpText{(chosen.empty() ? &app : chosen.front())->help()});
  } catch (const CLI::CallForAllHelp&) {
    return std::variant<Invocation, HelpText>(HelpText{app.help("", CLI::AppFormatMode::All)});
  } catch (const CLI::CallForVersion& version) {
    return std::variant<Invocation, HelpText>(HelpText{std::string(version.what()) + "\n"});
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    return usage_error(error.what(), "modelhub " +
                                         (chosen.empty() ? "" : chosen.front()->get_name() + " ") +
                                         "--help shows the usage");
  }
  return to_invocation(app, values).transform([](Invocation invocation) {
    return std::variant<Invocation, HelpText>(std::move(invocation));
  });
}

}  // namespace modelhub::cli
