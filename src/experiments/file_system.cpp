// Which file systems may hold a store. SQLite's locks are advisory byte-range locks; over a network they are missing, late
// or lost when a server restarts, and two hosts then write the same page (research/reliability.md §1.2).
#include <sys/vfs.h>

#include "base/error.h"
#include "experiments/sqlite_store.h"

namespace tomograd {

std::string refused_file_system(int64_t magic) {
  static constexpr struct { int64_t magic; const char* name; } refused[] = {
      {0x6969, "NFS"},          {0x517B, "SMB"},        {0xFF534D42, "CIFS"},     {0xFE534D42, "SMB2"},   {0x0BD00BD0, "Lustre"},   {0x47504653, "GPFS"},
      {0x65735546, "FUSE"},     {0x19830326, "BeeGFS"}, {0x5346414F, "AFS"},      {0x73757245, "Coda"},   {0x01021997, "9P"},       {0x00C36400, "Ceph"},
      {0x20030528, "OrangeFS"}, {0xAAD7AAEA, "Panasas"}, {0x7461636F, "OCFS2"},   {0x01161970, "GFS2"},
  };
  for (const auto& entry : refused)
    if (entry.magic == (magic & 0xFFFFFFFF))
      return text("is on a network file system (", entry.name, "), where the store's locks do not hold and two hosts can destroy it");
  return {};
}

int64_t system_file_system_magic(const std::string& folder) {
  struct statfs facts {};
  if (::statfs(folder.c_str(), &facts) != 0) return 0;  // opening the file will say what is wrong with the folder
  return int64_t(facts.f_type) & 0xFFFFFFFF;
}

}  // namespace tomograd
