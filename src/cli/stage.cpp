// tomograd stage: a resumable copy with digests of a dataset, a store or a run folder to where it is needed.
#include "base/error.h"
#include "base/memory.h"
#include "cli/verb.h"
#include "dataset/printable.h"
#include "dataset/stage.h"

namespace tomograd {

void add_stage(Program& program) {
  struct Options { std::string from, into; bool verify = false; };
  auto options = std::make_shared<Options>();
  CLI::App* verb = program.app.add_subcommand("stage", "Copy a dataset, a store, a run folder or a file to a node or disk; cut short, it goes on");
  verb->add_option("IN", options->from, "dataset.json (with all files it names), a folder or a file; also behind s3://, and files and Zarr stores behind http://, https://")->required();
  verb->add_option("DIR", options->into, "folder of the copy; stage.json in it holds every file's digest")->required();
  verb->add_flag("--verify", options->verify, "read again what is there already");
  verb->callback([&program, options] {
    program.action = [&program, options] {
      Talk talk = program.output.talk(stop_on_signals());
      StageOptions how;
      how.verify = options->verify, how.stop = talk.stop;
      how.progress = [&](int64_t done, int64_t of) { if (talk.progress) talk.progress(of > 0 ? double(done) / double(of) : 1, 0, bytes_text(done)); };
      StageReport report = stage(system_env(), options->from, options->into, how);
      program.output.line(text(printable(report.entry), ": ", report.files, " files, ", bytes_text(report.bytes), "; copied now ", report.copied_files, ", ", bytes_text(report.copied_bytes)));
      Value result = Value::table();
      result["entry"] = report.entry, result["files"] = report.files, result["bytes"] = report.bytes, result["copied_files"] = report.copied_files, result["copied_bytes"] = report.copied_bytes;
      program.output.result("stage", std::move(result));
    };
  });
}

}  // namespace tomograd
