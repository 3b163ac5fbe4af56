#include "dataset/phantom_cells.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "dataset/dataset.h"
#include "dataset/import.h"
#include "dataset/phantom_cells_planes.h"
#include "spec/text_formats.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

constexpr int64_t slab = 16;                     // planes made at a time

void check(const CellsOptions& o) {
  for (int axis = 0; axis < 3; ++axis) {
    if (o.size[axis] < 16 || o.size[axis] > (int64_t{1} << 20)) fail_input(text("a cell phantom of ", to_string(o.size), " voxels"),
        "sizes Z,Y,X from 16 to 1048576 are possible");
    double spacing = o.spacing[size_t(axis)];
    if (!(spacing >= 0.05 && spacing <= 20)) fail_input(text("a spacing of ", spacing, " um; 0.05 to 20 is possible"));
  }
  if (o.cells < 1 || o.cells > 10000000) fail_input(text(o.cells, " cells; 1 to 10000000 are possible"));
  if (!(o.touching >= 0 && o.touching <= 1)) fail_input(text("a share of ", o.touching, " touching cells; 0 to 1 is possible"));
  if (o.classes != 2 && o.classes != 3) fail_input(text(o.classes, " classes; 2 (background, core) or 3 (background, core, rim) are possible"));
  if (o.cubes < 0 || o.cubes > 99) fail_input(text(o.cubes, " cubes; 0 to 99 are possible"));
  if (o.cubes > 0 && (o.cube < 8 || !fits_inside(cube(o.cube), o.size)))
    fail_input(text("training cubes of ", o.cube, " voxels do not fit into ", to_string(o.size), " voxels"),
        "--cube N with N from 8 to the shortest side, or --cubes 0");
}

Value list_of(const std::array<double, 3>& v) { return Value(Value::List{v[0], v[1], v[2]}); }
Value list_of(Extent v) { return Value(Value::List{v.z, v.y, v.x}); }
double rounded(double v) { return std::round(v * 1000) / 1000; }

Extent nearest_voxel(const PhantomCell& cell) { return {std::lround(cell.centre[0]), std::lround(cell.centre[1]), std::lround(cell.centre[2])}; }

// Of many random boxes the richest in cells that do not overlap.
std::vector<Box> choose_cubes(const CellsOptions& o, const std::vector<PhantomCell>& cells) {
  if (o.cubes == 0) return {};
  Random random(o.seed, "phantom/cells/cubes");
  std::vector<std::pair<int64_t, Box>> candidates;
  for (int64_t n = 0; n < 200 + 50 * o.cubes; ++n) {
    Box box{{random.below(o.size.z - o.cube + 1), random.below(o.size.y - o.cube + 1), random.below(o.size.x - o.cube + 1)}, cube(o.cube)};
    candidates.push_back({std::count_if(cells.begin(), cells.end(), [&](const PhantomCell& cell) { return box.contains(nearest_voxel(cell)); }),
        box});
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Box> chosen;
  for (const auto& [inside, box] : candidates) {
    bool apart = std::all_of(chosen.begin(), chosen.end(), [&](const Box& other) { return intersection(box, other).size.voxels() == 0; });
    if (apart && int64_t(chosen.size()) < o.cubes) chosen.push_back(box);
  }
  return chosen;
}

struct TrainingCube { Box box; Volume image; LabelVolume labels; };

Geometry geometry_of(const CellsOptions& o, const Box& box) {
  Geometry geometry{box.size};
  for (size_t axis = 0; axis < 3; ++axis) {      // rows of the affine are x, y, z; mm
    double mm = o.spacing[2 - axis] / 1000;
    geometry.affine[axis][axis] = mm;
    geometry.affine[axis][3] = mm * double(box.begin[2 - int(axis)]);
  }
  return geometry;
}

class Writing {
 public:
  Writing(Env& env, const CellsOptions& options, const std::string& path, const std::vector<PhantomCell>& cells, ThreadPool& pool)
      : env_(env), o_(options), stem_(path.substr(0, path.rfind('.'))), cells_(cells), pool_(pool), planes_(options, cells) {
    const std::array<double, 3> mm{o_.spacing[0] / 1000, o_.spacing[1] / 1000, o_.spacing[2] / 1000};
    wide_ = o_.cells > 65535;
    image_ = std::make_unique<TiffWriter>(env, path, o_.size, VoxelType::u16, TiffWriteOptions{o_.compression, true, false, mm});
    TiffWriteOptions flat{TiffCompression::deflate, false, false, mm};
    labels_ = std::make_unique<TiffWriter>(env, stem_ + "_labels.tif", o_.size, wide_ ? VoxelType::u32 : VoxelType::u16, flat);
    centroids_ = std::make_unique<TiffWriter>(env, stem_ + "_centroids.tif", o_.size, VoxelType::u8, flat);
    for (const Box& box : choose_cubes(o_, cells)) {
      Geometry geometry = geometry_of(o_, box);
      cubes_.push_back({box, {geometry, Buffer<float>(box.size.voxels())}, {geometry, Buffer<uint16_t>(box.size.voxels())}});
    }
    ring_.resize(size_t(slab + 2 * planes_.reach()));
    for (auto& plane : ring_) plane = Buffer<float>(planes_.voxels());
    by_plane_.resize(size_t(o_.size.z));
    for (const auto& cell : cells) by_plane_[size_t(nearest_voxel(cell).z)].push_back(cell.id);
  }

  void make_planes(int64_t z0, int64_t z1) {
    const int64_t reach = planes_.reach(), n = z1 - z0, voxels = planes_.voxels();
    const int64_t next = z0 == 0 ? -reach : z0 + reach;  // up to there they are in the ring
    pool_.for_each(z1 + reach - next, [&](int64_t i) {
      Buffer<float> scratch(voxels);
      planes_.blurred(next + i, plane_of(next + i).data(), scratch.data());
    });
    if (image_planes_.empty()) image_planes_ = Buffer<uint16_t>(slab * voxels), label_planes_ = Buffer<uint32_t>(slab * voxels),
        dots_ = Buffer<uint8_t>(slab * voxels);
    auto* narrow = reinterpret_cast<unsigned char*>(label_planes_.data());
    pool_.for_each(n, [&](int64_t i) {
      const int64_t z = z0 + i;
      std::vector<const float*> around;
      for (int64_t k = -reach; k <= reach; ++k) around.push_back(plane_of(z + k).data());
      planes_.image(z, around, image_planes_.data() + i * voxels);
      planes_.instances(z, label_planes_.data() + i * voxels);
      uint8_t* dots = dots_.data() + i * voxels;
      std::fill(dots, dots + voxels, uint8_t{0});
      for (int64_t id : by_plane_[size_t(z)]) {
        Extent at = nearest_voxel(cells_[size_t(id - 1)]);
        dots[at.y * o_.size.x + at.x] = 1;
      }
      for (auto& cube : cubes_) copy_to_cube(cube, z, image_planes_.data() + i * voxels);
    });
    if (!wide_)
      for (int64_t i = 0; i < n * voxels; ++i) {
        auto v = uint16_t(label_planes_[i]);
        std::memcpy(narrow + 2 * i, &v, 2);
      }
    image_->write_planes(image_planes_.data(), n, &pool_);
    labels_->write_planes(label_planes_.data(), n, &pool_);
    centroids_->write_planes(dots_.data(), n, &pool_);
  }

  // The list first: a volume without its truth is of no use, a truth without its volume is not mistaken for one.
  void finish() {
    std::string list;
    for (const auto& cell : cells_) {
      Value v = Value::table();
      v["id"] = cell.id;
      v["z"] = rounded(cell.centre[0]), v["y"] = rounded(cell.centre[1]), v["x"] = rounded(cell.centre[2]);
      v["radius_um"] = rounded(cell.radius_um);
      list += (list.empty() ? "\n" : ",\n") + to_json(v, false);
    }
    Value head = Value::table();
    head["format"] = "tomograd.cells/1";
    head["size_zyx"] = list_of(o_.size);
    head["spacing"] = list_of(o_.spacing);
    head["unit"] = "um";
    head["seed"] = int64_t(o_.seed);
    std::string object = to_json(head, false);
    object.pop_back();
    publish_text(env_, stem_ + ".json", object + ",\"cells\":[" + list + "\n]}\n");
    labels_->commit();
    centroids_->commit();
    image_->commit();
    write_cubes();
  }

  Value result(const std::string& path) const {
    Value v = Value::table();
    v["image"] = path, v["labels"] = stem_ + "_labels.tif", v["centroids"] = stem_ + "_centroids.tif", v["list"] = stem_ + ".json";
    if (!cubes_.empty()) v["dataset"] = join_path(stem_ + "_cubes", "dataset.json");
    v["size_zyx"] = list_of(o_.size), v["spacing_um_zyx"] = list_of(o_.spacing), v["cells"] = o_.cells, v["seed"] = int64_t(o_.seed),
        v["classes"] = o_.classes;
    Value::List cubes;
    for (const auto& c : cubes_) {
      Value entry = Value::table();
      entry["begin_zyx"] = list_of(c.box.begin), entry["size_zyx"] = list_of(c.box.size);
      entry["cells"] = int64_t(std::count_if(cells_.begin(), cells_.end(),
          [&](const PhantomCell& cell) { return c.box.contains(nearest_voxel(cell)); }));
      cubes.push_back(std::move(entry));
    }
    v["cubes"] = Value(std::move(cubes));
    return v;
  }

 private:
  Buffer<float>& plane_of(int64_t z) { return ring_[size_t((z + planes_.reach()) % int64_t(ring_.size()))]; }

  void copy_to_cube(TrainingCube& cube, int64_t z, const uint16_t* image) const {
    const Box& box = cube.box;
    if (z < box.begin.z || z >= box.end().z) return;
    int64_t at = (z - box.begin.z) * box.size.y * box.size.x;
    planes_.classes(z, box, cube.labels.voxels.data() + at);
    for (int64_t y = box.begin.y; y < box.end().y; ++y)
      for (int64_t x = box.begin.x; x < box.end().x; ++x) cube.image.voxels[at++] = float(image[y * o_.size.x + x]);
  }

  void write_cubes() {
    if (cubes_.empty()) return;
    const std::string folder = stem_ + "_cubes";
    env_.remove_tree(folder);
    for (size_t i = 0; i < cubes_.size(); ++i) {
      std::string own = join_path(folder, "cube" + std::to_string(i + 1));
      env_.make_directories(own);
      write_nifti(env_, join_path(own, "fluorescence.nii.gz"), cubes_[i].image);
      write_nifti_labels(env_, join_path(own, "label.nii.gz"), cubes_[i].labels);
    }
    ImportOptions import;
    import.modalities = {"fluorescence=fluorescence"};
    import.label_names = {"1=core"};
    if (o_.classes == 3) import.label_names.push_back("2=rim");
    Imported imported = import_dataset(env_, folder, import, pool_);
    write_dataset(env_, imported.dataset, join_path(folder, "dataset.json"));
  }

  Env& env_;
  const CellsOptions& o_;
  std::string stem_;
  const std::vector<PhantomCell>& cells_;
  ThreadPool& pool_;
  CellPlanes planes_;
  bool wide_ = false;
  std::unique_ptr<TiffWriter> image_, labels_, centroids_;
  std::vector<TrainingCube> cubes_;
  std::vector<Buffer<float>> ring_;
  std::vector<std::vector<int64_t>> by_plane_;   // ids of the cells whose centre is nearest to the plane
  Buffer<uint16_t> image_planes_;
  Buffer<uint32_t> label_planes_;
  Buffer<uint8_t> dots_;
};

}  // namespace

Value write_cells_phantom(Env& env, const CellsOptions& options, const std::string& path, ThreadPool& pool,
    const std::function<void(int64_t, int64_t)>& done) {
  check(options);
  if (!is_tiff_name(path)) fail_input(text("'", path, "' does not end with .tif or .tiff"));
  std::string folder = path.substr(0, path.rfind('.')) + "_cubes";
  if (options.cubes > 0 && env.kind(folder) != FileKind::missing && env.kind(join_path(folder, "dataset.json")) == FileKind::missing)
    fail_input(text("'", folder, "' is there already and is no folder of training cubes"), "name another file, or --cubes 0");
  // Image and, deflated, labels: of an uncompressed image's size at most, a twentieth more where cells are dense.
  int64_t needed = options.size.voxels() * 2 / 20 * (options.compression == TiffCompression::none ? 22 : 12),
      free = env.free_bytes(parent_path(path));
  if (free < needed) fail(ErrorKind::budget, text("a cell phantom of ", to_string(options.size), " voxels needs about ", bytes_text(needed),
      " on disk; ", bytes_text(free), " are free at '", parent_path(path), "'"),
                          "a smaller --size, another place, or --compression zstd");
  std::vector<PhantomCell> cells = place_cells(options);
  Writing writing(env, options, path, cells, pool);
  for (int64_t z = 0; z < options.size.z; z += slab) {
    int64_t end = std::min(z + slab, options.size.z);
    writing.make_planes(z, end);
    if (done) done(end, options.size.z);
  }
  writing.finish();
  return writing.result(path);
}

}  // namespace tomograd
