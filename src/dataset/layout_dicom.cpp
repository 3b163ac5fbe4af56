// DICOM is read by a program that knows its many dialects: dcm2niix writes one NIfTI file per series, and what comes out is
// imported as folders of patients. Only file-meta of a DICOM file ("DICM" at byte 128) is looked at here.
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstring>

#include "base/error.h"
#include "dataset/import_layout.h"
#include "dataset/printable.h"

extern char** environ;

namespace tomograd {

bool is_dicom(Env& env, const std::string& path) {
  if (env.kind(path) != FileKind::file || env.file_size(path) < 132) return false;
  char magic[4];
  env.open_input(path)->read_at(128, magic, 4);
  return std::memcmp(magic, "DICM", 4) == 0;
}

void convert_dicom(Env& env, const std::string& source, const std::string& folder) {
  env.make_directories(folder);
  // patient / study time / series; gzip by its own library, no sidecar with identities (-ba y), existing files replaced.
  std::vector<std::string> words = {"dcm2niix", "-z", "i", "-b", "n", "-w", "1", "-d", "9", "-f", "%i/%t/%d_%s", "-o", folder, source};
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
  posix_spawn_file_actions_adddup2(&actions, 2, 1);  // its talk goes where ours goes, never between our results
  pid_t child = 0;
  int code = posix_spawnp(&child, "dcm2niix", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    fail_failure(
        "'" + printable(source) + "' holds DICOM, which the program dcm2niix reads, and it could not be started: " + std::strerror(code),
        "apt install dcm2niix, or convert the series to NIfTI yourself");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail_input(text("dcm2niix could not convert '", printable(source),
                    "': ", WIFEXITED(status) ? text("exit ", WEXITSTATUS(status)) : text("signal ", WTERMSIG(status))),
               "run dcm2niix on the folder by hand to see why");
}

}  // namespace tomograd
