// The command `tomograd`: collects the verbs, turns Errors into text or JSON and exit codes. The only place that prints
// errors and decides how the process ends.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>

#include "base/error.h"
#include "base/log.h"
#include "cli/verb.h"
#include "spec/error_value.h"
#include "spec/text_formats.h"

namespace {

using namespace tomograd;

int report(const Error& error, bool json) {
  if (json) {
    Value object = Value::table();
    object["format"] = "tomograd.error/1";
    object["error"] = error_value(error);
    std::cout << to_json(object) << std::endl;
  } else {
    std::string context;
    for (auto where = error.context().rbegin(); where != error.context().rend(); ++where) context += *where + ": ";
    std::cerr << "tomograd: " << context << error.message() << "\n";
    if (!error.hint().empty()) std::cerr << "  " << error.hint() << "\n";
  }
  return exit_code(error.kind());
}

bool asks_for_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]) == "--json") return true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  bool json = asks_for_json(argc, argv);  // known before parsing, so that a usage error is JSON too
  set_log_sink([](LogLevel level, const std::string& message) { std::cerr << (level == LogLevel::warning ? "warning: " : "") << message << "\n"; });
  Program program;
  program.output.json = json;
  program.app.description("Deep learning on volumetric, multi-modality medical and microscopy images. Not a medical device.");
  program.app.name("tomograd");
  program.app.set_version_flag("--version", TOMOGRAD_VERSION);
  program.app.require_subcommand(1);
  program.app.fallthrough();
  program.app.add_flag("--json", program.output.json, "one JSON object on stdout instead of text");
  for (auto add : {add_phantom, add_import, add_info, add_crop, add_block, add_stage, add_montage, add_overlay, add_model, add_train, add_predict, add_evaluate, add_denoise, add_superres, add_inpaint, add_experiment, add_plan, add_serve, add_bench, add_doctor, add_worker}) add(program);

  try {
    try {
      program.app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return program.app.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
      return program.app.exit(help);
    } catch (const CLI::CallForVersion& version) {
      return program.app.exit(version);
    } catch (const CLI::ParseError& error) {
      fail_usage(error.what(), "see tomograd --help, or --help behind a verb");
    }
    if (program.action) program.action();
    return 0;
  } catch (const Error& error) {
    return report(error, json);
  } catch (const std::bad_alloc&) {
    return report(Error(ErrorKind::budget, "out of memory", "lower the tile, patch or batch size"), json);
  } catch (const std::exception& error) {
    return report(Error(ErrorKind::failure, error.what()), json);
  }
}
