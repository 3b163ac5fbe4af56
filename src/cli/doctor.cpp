// `doctor`: what this machine offers, and what is missing, each with what to do about it. `doctor RUN.toml` looks at a run instead.
#include <sys/utsname.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/doctor_run.h"
#include "cli/openvino_loader.h"
#include "cli/verb.h"
#include "kernels/cpu_isa.h"

namespace tomograd {

void add_doctor(Program& program) {
  auto* verb = program.app.add_subcommand("doctor", "Facts about this machine: processor, memory, disk, engine, devices; of a run: what takes its time, how large a batch fits");
  auto run = std::make_shared<DoctorRunOptions>();
  add_doctor_run_options(*verb, *run);
  verb->callback([run, &program] {
    program.action = [run, &program] {
      if (is_about_a_run(*run)) return doctor_run(*run, program.output);
      Value facts = Value::table();
      utsname system{};
      uname(&system);
      facts["system"] = text(system.sysname, " ", system.release);
      facts["threads"] = int64_t{available_threads()};
      facts["instruction_set"] = isa_name(best_isa());
      facts["available_memory_bytes"] = available_memory_bytes();
      facts["free_disk_bytes"] = system_env().free_bytes(".");
      try {
        facts["engine"] = engine().facts();
      } catch (const Error& error) {
        facts["engine"] = Value::table();
        facts["engine"]["error"] = error.what();
      }
      facts["openvino"] = Value::table();
      try {
        facts["openvino"]["version"] = openvino().version();
      } catch (const Error& error) {
        facts["openvino"]["error"] = error.what();
      }
      const Output& out = program.output;
      out.result("doctor", facts);
      out.line(text("system          ", facts["system"].as_text()));
      out.line(text("threads         ", facts["threads"].as_integer()));
      out.line(text("instructions    ", facts["instruction_set"].as_text()));
      out.line("memory          " + bytes_text(facts["available_memory_bytes"].as_integer()) + " available");
      out.line("disk            " + bytes_text(facts["free_disk_bytes"].as_integer()) + " free here");
      for (const auto& [key, value] : facts["engine"].as_table()) out.line("engine." + key + std::string(key.size() < 9 ? 9 - key.size() : 1, ' ') + (value.is_text() ? value.as_text() : text(value.is_integer() ? value.as_integer() : value.as_bool())));
      out.line("openvino        " + facts["openvino"].as_table().front().second.as_text());
    };
  });
}

}  // namespace tomograd
