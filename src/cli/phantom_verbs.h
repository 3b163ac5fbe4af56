// The kinds of `tomograd phantom`, each in a file of its own.
#pragma once

#include "cli/verb.h"

namespace tomograd {

void add_phantom_cells(Program& program, CLI::App& phantom);

}  // namespace tomograd
