// Libraries of our own that are loaded only when somebody asks for what they do.
#pragma once

#include <string>

namespace tomograd {

struct LoadedLibrary {
  void* function = nullptr;                      // the asked symbol; null = not loaded
  bool there = false;                            // a file of that name was found
  std::string reasons;                           // ": why", of each that was found and could not be loaded
};

enum class Symbols { shared, own };              // whether libraries that are loaded later see those of this one

std::string program_folder();                    // where the program that runs lies

// Looks for the file beside the program (a build folder) and in ../lib/tomograd (an installation). Error(failure) when it is loaded and lacks
// the symbol, which makes it one of another version.
LoadedLibrary load_library(const std::string& file, const char* symbol, Symbols symbols);

}  // namespace tomograd
