// Lists that name files: the first byte chooses dataset.json (nnU-Net, Decathlon, MONAI), a DeepMedic config or table, or the
// table of segments of a BIDS folder. A few of the files named in the dictionary exist.
#include "base/parallel.h"
#include "dataset/import.h"
#include "dataset/import_layout.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/tiny_scan.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  constexpr const char* names[] = {"dataset.json", "train.cfg", "train.csv", "sub-1_dseg.tsv"};
  MemoryEnv env;
  for (const char* image : {"a.nii", "b.nii", "c.nii", "imagesTr/a_0000.nii", "imagesTr/a_0001.nii", "labelsTr/a.nii", "a_label.nii"})
    env.put(std::string("/d/") + image, tiny_scan());
  for (const char* list : {"list.txt", "other.txt", "labels.txt"}) env.put(std::string("/d/") + list, "a.nii\nb.nii\n");
  std::string name = names[data[0] % 4], source = "/d/" + name;
  env.put(source, bytes_of(data + 1, size - 1));
  if (data[0] % 4 == 3) {
    source = "/d";
    env.put("/d/dataset_description.json", "{}");
    env.put("/d/sub-1_dseg.nii", tiny_scan());
    env.put("/d/sub-1/anat/sub-1_T1w.nii", tiny_scan());
  }
  ImportOptions options;
  if (data[0] & 4) options.layout = data[0] % 4 == 0 ? (data[0] & 8 ? "nnunet" : data[0] & 16 ? "monai" : "decathlon") : "auto";
  if (data[0] & 32) source = "/d";
  if (data[0] & 64) options.label = "none";
  static ThreadPool pool(1);
  read_hostile(8 * small_budget, [&] { import_dataset(env, source, options, pool); });
  return 0;
}
