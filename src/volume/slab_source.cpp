#include "volume/slab_source.h"

#include "base/error.h"
#include "volume/nifti_file.h"
#include "volume/tiff.h"
#include "volume/tiff_slabs.h"
#include "volume/zarr_metadata.h"

namespace tomograd {

std::unique_ptr<SlabSource> open_slabs(Env& env, const std::string& path) {
  if (is_zarr(env, path)) return open_zarr_slabs(env, path);
  FileKind kind = env.kind(path);
  if (kind == FileKind::missing) fail_input(text("there is no '", path, "'"));
  if (kind == FileKind::directory) fail_input(text("the folder '", path, "' holds neither a Zarr array nor a Zarr group"));
  if (is_nifti_name(path)) return open_nifti_slabs(env, path);
  if (is_tiff_name(path)) return open_tiff_slabs(env, path);
  fail_input(text("'", path, "' is no volume that is read slab by slab"), "NIfTI files (.nii, .nii.gz, .hdr), TIFF stacks (.tif, .tiff) and Zarr folders are");
}

}  // namespace tomograd
