// One element of a job as a child of this process: the same command, folder, environment and log as under a scheduler.
#pragma once

#include <sys/types.h>

#include <string>

#include "cluster/job.h"

namespace tomograd {

// Starts it in a process group of its own (Ctrl-C on our terminal does not reach it, a signal to the group reaches all it
// starts), with output appended to its log. It is killed when the thread that started it ends. What cannot be started ends
// with exit code 126 (folder) or 127 (program) and says so in its log. Error(failure): no process left, no log.
pid_t start_worker(const Job& job, int64_t element);

std::string worker_log(const Job& job, int64_t element);  // LOGS/NAME-ELEMENT.log

}  // namespace tomograd
