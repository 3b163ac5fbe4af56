#include "arch/draw.h"

namespace tomograd {}
