#include "training/missing_channel.h"

#include <utility>

namespace tomograd {

MissingChannel::MissingChannel(PreparedCase& prepared, size_t channel)
    : prepared_(prepared), channel_(channel), image_(prepared.images[channel].size(), 0.0f), outside_(std::exchange(prepared.outside[channel], 0.0f)), present_(prepared.present[channel]) {
  prepared_.present[channel_] = false;
  std::swap(prepared_.images[channel_], image_);
}

MissingChannel::~MissingChannel() {
  std::swap(prepared_.images[channel_], image_);
  prepared_.outside[channel_] = outside_, prepared_.present[channel_] = present_;
}

}  // namespace tomograd
