// The process that decodes volumes for the page, so that a file which breaks a decoder breaks nothing else: it has given up its rights before
// the first byte (jail.h), opens no file by itself (asked_files.h), and is ended and started anew by the server (decoder_process.h).
#pragma once

#include <functional>
#include <string>

namespace tomograd {

constexpr int decode_worker_socket = 3;          // where the server has put the worker's first socket

// Answers questions until the server closes its ends. before: for tests, called with the path of every question.
void run_decode_worker(int socket, const std::function<void(const std::string& path)>& before = {});

}  // namespace tomograd
