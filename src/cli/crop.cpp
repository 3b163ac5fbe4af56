// tomograd crop: a child cut from its parent, alone and with some voxels more on all sides, of any format and size; the rest of
// the parent is not read.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/memory.h"
#include "cli/box_option.h"
#include "cli/verb.h"
#include "dataset/printable.h"
#include "pictures/montage.h"
#include "pictures/png.h"
#include "spec/extent_value.h"
#include "volume/box_source.h"
#include "volume/tiff.h"

namespace tomograd {
namespace {

struct CropArguments {
  std::string parent, child, box, picture;
  int64_t overlap = 0, channel = 0;
};


// "child.nii.gz" -> "child-overlap.nii.gz".
std::string with_overlap(const std::string& path) {
  size_t dot = path.size();
  for (const char* end : {".nii.gz", ".nii", ".tiff", ".tif"})
    if (path.ends_with(end)) {
      dot = path.size() - std::strlen(end);
      break;
    }
  return path.substr(0, dot) + "-overlap" + path.substr(dot);
}

void write_child(Env& env, BoxSource& parent, int64_t channel, const Box& box, const std::string& path) {
  VoxelType type = parent.type();
  if (is_nifti_volume(path)) {
    Volume volume = parent.volume(channel, box);
    if (type != VoxelType::u8 && type != VoxelType::u16) return write_nifti(env, path, volume);
    LabelVolume whole{volume.geometry, Buffer<uint16_t>(volume.voxels.size())};  // whole numbers stay so; these are exact in floats
    std::copy(volume.voxels.begin(), volume.voxels.end(), whole.voxels.begin());
    return write_nifti_labels(env, path, whole);
  }
  Buffer<unsigned char> raw(box.size.voxels() * voxel_bytes(type));
  parent.read(channel, box, raw.data());
  TiffWriteOptions options;
  options.spacing = parent.geometry().spacing();
  TiffWriter writer(env, path, box.size, type, options);
  writer.write_planes(raw.data(), box.size.z);
  writer.commit();
}

// The middle plane of the child: in the parent (and where it lies there), alone, and with its overlap.
void draw(Env& env, BoxSource& parent, const CropArguments& options, const Box& child, const Box& grown) {
  int64_t z = child.begin.z + child.size.z / 2;
  auto plane = [&](const Box& box) { return Box{{z, box.begin.y, box.begin.x}, {1, box.size.y, box.size.x}}; };
  Box whole = plane({{0, 0, 0}, parent.geometry().size});
  std::vector<MontageTile> tiles;
  tiles.push_back({"parent", cut_slice(parent.volume(options.channel, whole), 0, 0)});
  tiles.push_back({"child", cut_slice(parent.volume(options.channel, plane(child)), 0, 0)});
  if (options.overlap > 0) tiles.push_back({"child with overlap", cut_slice(parent.volume(options.channel, plane(grown)), 0, 0)});
  LabelVolume places{geometry_of(parent.geometry(), whole), Buffer<uint16_t>(whole.size.voxels(), 0)};
  for (int64_t y = 0; y < whole.size.y; ++y)
    for (int64_t x = 0; x < whole.size.x; ++x) places.voxels[y * whole.size.x + x] = child.contains({z, y, x}) ? 1 : grown.contains({z, y, x}) ? 2 : 0;
  LabelSlice truth = cut_slice(places, 0, 0);
  MontageOptions look;
  look.title = file_name(options.parent) + " " + box_text(child), look.marks = parent.orientation_known();
  look.caption = text("Plane z = ", z, " of the parent, which goes from 0 to ", parent.geometry().size.z - 1, ". Grey values from the 1st to the 99.5th percentile of each picture.");
  write_png(env, options.picture, draw_montage(tiles, {{"where it lies", "", truth}}, {{1, "child"}, {2, "overlap"}}, look));
}


void crop(const Output& output, const CropArguments& options) {
  Env& env = system_env();
  if (!is_nifti_volume(options.child) && !is_tiff_name(options.child)) fail_usage(text("OUT is \"", printable(options.child), "\"; a child is written as .nii, .nii.gz or .tif"));
  if (!options.picture.empty() && !options.picture.ends_with(".png")) fail_usage(text("--picture is \"", printable(options.picture), "\"; a picture is written as .png"));
  auto parent = open_boxes(env, options.parent);
  Extent size = parent->geometry().size;
  Box child = parse_box(options.box, size), grown = intersection({child.begin - cube(options.overlap), child.size + cube(2 * options.overlap)}, {{}, size});
  write_child(env, *parent, options.channel, child, options.child);
  output.line(text(options.child, ": ", box_text(child), " of ", to_string(size), ", ", voxel_type_name(parent->type())));
  Value result = Value::table();
  result["parent"] = options.parent, result["format_of_parent"] = parent->format(), result["shape_zyx"] = extent_value(size), result["voxel_type"] = voxel_type_name(parent->type());
  result["child"] = options.child, result["begin_zyx"] = extent_value(child.begin), result["size_zyx"] = extent_value(child.size);
  if (options.overlap > 0) {
    std::string path = with_overlap(options.child);
    write_child(env, *parent, options.channel, grown, path);
    output.line(text(path, ": ", box_text(grown), ", the child begins in it at ", to_string(child.begin - grown.begin)));
    result["child_over"] = path, result["child_over_begin_zyx"] = extent_value(grown.begin), result["child_over_size_zyx"] = extent_value(grown.size);
    result["child_in_child_over_zyx"] = extent_value(child.begin - grown.begin);
  }
  if (parent->bytes_read() >= 0) result["bytes_read"] = parent->bytes_read();
  if (!options.picture.empty()) draw(env, *parent, options, child, grown), result["picture"] = options.picture;
  output.result("crop", std::move(result));
}

}  // namespace

void add_crop(Program& program) {
  auto options = std::make_shared<CropArguments>();
  CLI::App* verb = program.app.add_subcommand("crop", "Cut a child from its parent volume (NIfTI, TIFF, Zarr) without reading the rest");
  verb->add_option("IN", options->parent, "the parent: NIfTI file, TIFF stack, Zarr array or store; also behind http://, https:// and s3://")->required();
  verb->add_option("OUT", options->child, "the child, .nii, .nii.gz or .tif")->required();
  verb->add_option("--box", options->box, "z0:z1,y0:y1,x0:x1, counted from 0, ends not included")->required();
  verb->add_option("--overlap", options->overlap, "also write the child with so many voxels more on all sides, cut at the parent, as OUT with -overlap in its name")->check(CLI::Range(0, 100000))->capture_default_str();
  verb->add_option("--channel", options->channel, "of the parent, from 0")->check(CLI::Range(0, 100000))->capture_default_str();
  verb->add_option("--picture", options->picture, "parent, child and child with overlap in one picture, .png");
  verb->callback([&program, options] { program.action = [&program, options] { crop(program.output, *options); }; });
}

}  // namespace tomograd
