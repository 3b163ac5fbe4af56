// A prepared case with one channel missing, for as long as this object lives: what preprocess.missing = "zero" makes of a scan that
// lacks the file, and what augment.channel_dropout shows a network in training. The case is not read again. Takes the memory of one
// channel, which the plan of memory has set aside for the files of a case while it is read.
#pragma once

#include "dataset/prepared_case.h"

namespace tomograd {

class MissingChannel {
 public:
  MissingChannel(PreparedCase& prepared, size_t channel);   // channel: index into prepared.channels
  ~MissingChannel();                             // puts everything back
  MissingChannel(const MissingChannel&) = delete;
  MissingChannel& operator=(const MissingChannel&) = delete;

 private:
  PreparedCase& prepared_;
  size_t channel_;
  Buffer<float> image_;
  float outside_;
  bool present_;
};

}  // namespace tomograd
