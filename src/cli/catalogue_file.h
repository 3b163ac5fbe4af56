// The catalogue of machines and prices: the user's own, or the one that comes with the program.
#pragma once

#include <string>

#include "planning/instance_catalogue.h"

namespace tomograd {

InstanceCatalogue read_catalogue(const std::string& path = {});      // "" = share/instances.toml; Error(input | failure)

}  // namespace tomograd
