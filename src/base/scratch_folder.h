// A folder of one's own under TMPDIR (/tmp), gone with this object.
#pragma once

#include <string>

namespace tomograd {

class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& purpose);  // in the words of the Error(failure) where none can be made: "a plan"
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tomograd
