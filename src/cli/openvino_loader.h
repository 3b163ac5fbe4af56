// OpenVINO, where it was built in: libtomograd_openvino.so, loaded when it is asked for.
#pragma once

#include "backend/backend.h"

namespace tomograd {

Backend& openvino();                             // Error(usage) when it was not built or does not load, with the way to get it

}  // namespace tomograd
