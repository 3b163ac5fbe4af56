#include "dataset/prepared_case.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numbers>

#include "base/log.h"
#include "dataset/dataset_test_files.h"

namespace tomograd {
namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Dataset two_modalities() {
  Dataset dataset;
  dataset.modalities = {"A", "B"};
  dataset.labels = {{"one", {1}}, {"rest", {2, 4}}};
  return dataset;
}

Case case_of(const std::map<std::string, std::string>& images, const std::string& label = "", const std::string& roi = "") {
  Case item;
  item.id = item.patient = "K1";
  item.images = images, item.label = label, item.roi = roi;
  return item;
}

PreprocessSpec raw() {
  PreprocessSpec spec;
  spec.normalize = "none";
  return spec;
}

PreparedCase prepare(const Case& item, const PreprocessSpec& spec) {
  Dataset dataset = two_modalities();
  return prepare_case(system_env(), dataset, item, spec, make_class_map(dataset, {}), true);
}

std::string preparing(const Case& item, const PreprocessSpec& spec) {
  return error_of([&] { prepare(item, spec); });
}

// Axes turned about (1, 2, 3) by an angle, spacing 2 x 1.5 x 1 mm.
Geometry oblique(Extent size, double degrees) {
  double a = degrees * std::numbers::pi / 180, s = std::sin(a), c = std::cos(a), n = std::sqrt(14.0), u[3] = {1 / n, 2 / n, 3 / n},
         spacing[3] = {1, 1.5, 2};
  Geometry geometry;
  geometry.size = size;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      double cross = i == j ? 0 : ((j - i + 3) % 3 == 1 ? -1 : 1) * u[3 - i - j];
      geometry.affine[size_t(i)][size_t(j)] = spacing[j] * ((i == j ? c : 0) + (1 - c) * u[i] * u[j] + s * cross);
    }
  geometry.affine[0][3] = -31, geometry.affine[1][3] = 17, geometry.affine[2][3] = 5;
  return geometry;
}

std::vector<Reorientation> all_orientations() {
  std::vector<Reorientation> all;
  std::array<int, 3> axes{0, 1, 2};
  do
    for (int flips = 0; flips < 8; ++flips) all.push_back({axes, {bool(flips & 1), bool(flips & 2), bool(flips & 4)}});
  while (std::next_permutation(axes.begin(), axes.end()));
  return all;
}

TEST(PrepareCase, EveryVoxelStaysWhereItIsInAll48Orientations) {
  Scratch scratch;
  Extent size{4, 5, 6};
  for (double degrees : {0.0, 20.0, 44.0, 83.0})
    for (const Reorientation& r : all_orientations()) {
      Geometry base = oblique(size, degrees);
      Volume volume{base, Buffer<float>(size.voxels())};
      LabelVolume labels{base, Buffer<uint16_t>(size.voxels())};
      // Every voxel has a value of its own; the labels are lateralised: 1 on the right side alone, 2 and 4 scattered.
      for (int64_t i = 0; i < size.voxels(); ++i)
        volume.voxels[i] = float(i), labels.voxels[i] = uint16_t(i % size.x >= 4 ? 1 : i % 7 == 0 ? 4 : i % 5 == 0 ? 2 : 0);
      volume.geometry = labels.geometry = reoriented(base, r);
      volume.voxels = reorient_voxels(volume.voxels, size, r), labels.voxels = reorient_voxels(labels.voxels, size, r);
      write_nifti(system_env(), scratch.path("a.nii"), volume);
      write_nifti_labels(system_env(), scratch.path("l.nii"), labels);
      PreparedCase prepared = prepare(case_of({{"A", scratch.path("a.nii")}}, scratch.path("l.nii")), raw());

      EXPECT_EQ(prepared.geometry.orientation(), "RAS");
      const Geometry &from = prepared.original, &to = prepared.geometry;
      std::vector<std::array<double, 3>> place(size_t(size.voxels()));
      std::vector<uint16_t> label(size_t(size.voxels()));
      for (int64_t z = 0, i = 0; z < from.size.z; ++z)
        for (int64_t y = 0; y < from.size.y; ++y)
          for (int64_t x = 0; x < from.size.x; ++x, ++i)
            place[size_t(volume.voxels[i])] = from.world(double(z), double(y), double(x)),
            label[size_t(volume.voxels[i])] = labels.voxels[i];
      for (int64_t z = 0, i = 0; z < to.size.z; ++z)
        for (int64_t y = 0; y < to.size.y; ++y)
          for (int64_t x = 0; x < to.size.x; ++x, ++i) {
            auto at = to.world(double(z), double(y), double(x)), expected = place[size_t(prepared.images[0][i])];
            for (size_t axis = 0; axis < 3; ++axis) ASSERT_NEAR(at[axis], expected[axis], 1e-12 * 64);  // a few roundings of numbers below 64
            uint16_t value = label[size_t(prepared.images[0][i])];
            ASSERT_EQ(prepared.labels[i], value == 4 ? 2 : value);
          }
      LabelVolume back = to_original(prepared, prepared.labels);
      EXPECT_EQ(back.geometry.affine, prepared.header.geometry.affine);
      ASSERT_EQ(back.geometry.size, labels.geometry.size);
      for (int64_t i = 0; i < size.voxels(); ++i) ASSERT_EQ(back.voxels[i], labels.voxels[i] == 4 ? 2 : labels.voxels[i]);
    }
}

struct Scan {  // in an odd orientation, with a box of labels inside a larger ROI
  Scratch scratch;
  Extent size{10, 13, 15};
  Geometry geometry = reoriented(oblique({15, 10, 13}, 12), {{1, 2, 0}, {true, false, true}});
  Case item;
  LabelVolume labels;
  Scan() {
    size = geometry.size;
    Volume a{geometry, Buffer<float>(size.voxels())}, b{geometry, Buffer<float>(size.voxels())}, roi{geometry, Buffer<float>(size.voxels())};
    labels = {geometry, Buffer<uint16_t>(size.voxels())};
    for (int64_t z = 0, i = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x, ++i) {
          // six different margins, so that no mix-up of axes or ends stays hidden
          bool in_roi = z >= 2 && z < size.z - 1 && y < size.y - 4 && x >= 3 && x < size.x - 5,
               in_label = in_roi && z >= 4 && y < 6 && x < size.x - 6;
          a.voxels[i] = in_roi ? float(10 + i % 11) : -4, b.voxels[i] = in_roi && y > 2 ? float(i % 5) + 1 : 0, roi.voxels[i] = in_roi;
          labels.voxels[i] = in_label ? uint16_t(1 + (x > 5)) : 0;
        }
    write_nifti_labels(system_env(), scratch.path("l.nii.gz"), labels);
    item = case_of({{"A", scratch.image("a.nii.gz", a)}, {"B", scratch.image("b.nii.gz", b)}}, scratch.path("l.nii.gz"),
                   scratch.image("r.nii.gz", roi));
  }
};

TEST(PrepareCase, CropsAndFindsTheWayBack) {
  Scan scan;
  for (const char* crop : {"roi", "nonzero", "none"}) {
    PreprocessSpec spec;
    spec.crop = crop;
    PreparedCase prepared = prepare(scan.item, spec);
    int64_t roi_box = (scan.size.z - 3) * (scan.size.y - 4) * (scan.size.x - 8);
    EXPECT_EQ(prepared.geometry.size.voxels(), std::string(crop) == "none" ? scan.size.voxels() : roi_box)
        << crop;  // both images are constant outside the ROI
    EXPECT_EQ(prepared.roi.size(), prepared.geometry.size.voxels());
    LabelVolume back = to_original(prepared, prepared.labels);
    EXPECT_EQ(back.geometry.size, scan.size);
    EXPECT_TRUE(std::equal(back.voxels.begin(), back.voxels.end(), scan.labels.voxels.begin())) << crop;
    std::string reason;
    auto corner = prepared.geometry.world(0, 0, 0),
         expected = prepared.canonical.world(double(prepared.crop.begin.z), double(prepared.crop.begin.y), double(prepared.crop.begin.x));
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(corner[axis], expected[axis], 1e-12 * 64);
  }
}

TEST(PrepareCase, ResamplesAndFindsTheWayBack) {
  Scan scan;
  PreparedCase plain = prepare(scan.item, {});
  auto spacing = plain.geometry.spacing();
  for (const char* crop : {"none", "roi"}) {
    PreprocessSpec spec;
    spec.crop = crop;
    spec.spacing = {spacing[0] / 2, spacing[1] / 3, spacing[2] / 2};  // every voxel becomes whole voxels
    PreparedCase fine = prepare(scan.item, spec);
    LabelVolume back = to_original(fine, fine.labels);
    EXPECT_TRUE(std::equal(back.voxels.begin(), back.voxels.end(), scan.labels.voxels.begin())) << crop;
    spec.spacing = {spacing[0] * 1.3, spacing[1] * 0.8, spacing[2] * 1.1};
    PreparedCase other = prepare(scan.item, spec);
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(other.geometry.spacing()[axis], spec.spacing[axis], 1e-9);
    back = to_original(other, other.labels);
    int64_t differ = 0, faces = 0;
    for (int64_t z = 0, i = 0; z < scan.size.z; ++z)
      for (int64_t y = 0; y < scan.size.y; ++y)
        for (int64_t x = 0; x < scan.size.x; ++x, ++i) {
          bool face = false;  // next to another label: only there may a voxel change
          for (int n = 0; n < 27; ++n) {
            int64_t nz = z + n / 9 - 1, ny = y + n / 3 % 3 - 1, nx = x + n % 3 - 1;
            if (nz < 0 || ny < 0 || nx < 0 || nz >= scan.size.z || ny >= scan.size.y || nx >= scan.size.x) continue;
            face = face || scan.labels.voxels[(nz * scan.size.y + ny) * scan.size.x + nx] != scan.labels.voxels[i];
          }
          bool different = back.voxels[i] != scan.labels.voxels[i];
          differ += different, faces += face;
          ASSERT_TRUE(!different || face) << z << " " << y << " " << x;
        }
    EXPECT_LT(differ, faces / 2) << crop;
  }
}

TEST(PrepareCase, AMissingModalityIsZeroAndSaysSo) {
  Scan scan;
  scan.item.images.erase("A");
  PreparedCase prepared = prepare(scan.item, {});
  EXPECT_EQ(prepared.channels, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(prepared.present, (std::vector<bool>{false, true}));
  for (float v : prepared.images[0]) ASSERT_EQ(v, 0);
  EXPECT_EQ(prepared.outside[0], 0);
  auto blocks = blocks_of(prepared, {4, 4, 4});
  EXPECT_EQ(blocks->channels(), 2);
  EXPECT_EQ(blocks->size(), prepared.geometry.size);
  PreprocessSpec strict;
  strict.missing = "error";
  EXPECT_TRUE(holds(preparing(scan.item, strict), "'A' is missing"));
  strict.missing = "skip";
  EXPECT_TRUE(is_skipped(two_modalities(), scan.item, strict));
  strict.leave_out = {"A"};
  EXPECT_FALSE(is_skipped(two_modalities(), scan.item, strict));
  scan.item.images.clear();
  EXPECT_TRUE(holds(preparing(scan.item, {}), "none of the 2 used modalities"));
}

TEST(PrepareCase, NeverTouchesALeftOutChannelOrAnotherCase) {
  Scan scan;
  Dataset dataset = two_modalities();
  dataset.cases = {scan.item, case_of({{"A", "/nowhere/a.nii"}})};
  dataset.cases[0].images["B"] = "/nowhere/b.nii";
  PreprocessSpec spec;
  spec.leave_out = {"B"};
  PreparedCase prepared = prepare_case(system_env(), dataset, dataset.cases[0], spec, make_class_map(dataset, {}), true);
  Dataset alone = dataset;
  alone.cases.pop_back();
  PreparedCase again = prepare_case(system_env(), alone, alone.cases[0], spec, make_class_map(alone, {}), true);
  ASSERT_EQ(prepared.images.size(), 1u);
  EXPECT_TRUE(std::equal(prepared.images[0].begin(), prepared.images[0].end(), again.images[0].begin()));
}

// int32 with slope 2^-32 and intercept 0.5: "true" reads as 0.99999997, "false" is not 0 in the file.
std::string write_trap_mask(const Scratch& scratch, Extent size, const std::function<bool(int64_t)>& inside) {
  std::string file(size_t(352 + 4 * size.voxels()), '\0');
  auto put = [&](size_t offset, auto value) { std::memcpy(file.data() + offset, &value, sizeof value); };
  put(0, int32_t{348});
  int16_t dim[8] = {3, int16_t(size.x), int16_t(size.y), int16_t(size.z), 1, 1, 1, 1};
  std::memcpy(file.data() + 40, dim, sizeof dim);
  put(70, int16_t{8}), put(72, int16_t{32});
  float pixdim[8] = {1, 1, 1, 1, 0, 0, 0, 0};
  std::memcpy(file.data() + 76, pixdim, sizeof pixdim);
  put(108, 352.0f), put(112, std::ldexp(1.0f, -32)), put(116, 0.5f);
  put(254, int16_t{1});
  put(280, 1.0f), put(300, 1.0f), put(320, 1.0f);
  std::memcpy(file.data() + 344, "n+1", 4);
  for (int64_t i = 0; i < size.voxels(); ++i) put(size_t(352 + 4 * i), inside(i) ? int32_t{2147483520} : int32_t{-2147483647 - 1});
  scratch.write("trap.nii", file);
  return scratch.path("trap.nii");
}

TEST(PrepareCase, ReadsAMaskThatIsNotQuiteOne) {
  Scratch scratch;
  Extent size{3, 4, 5};
  std::string mask = write_trap_mask(scratch, size, [](int64_t i) { return i % 3 == 0; });
  PreparedCase prepared = prepare(case_of({{"A", scratch.image("a.nii")}}, scratch.label("l.nii"), mask), raw());
  for (int64_t i = 0; i < size.voxels(); ++i) ASSERT_EQ(prepared.roi[i], i % 3 == 0);
  std::string empty = write_trap_mask(scratch, size, [](int64_t) { return false; });
  EXPECT_TRUE(holds(preparing(case_of({{"A", scratch.path("a.nii")}}, "", empty), {}), "empty"));
}

TEST(PrepareCase, OneSentenceForWhatCannotBe) {
  Scratch scratch;
  std::string a = scratch.image("a.nii.gz"), l = scratch.label("l.nii.gz");
  EXPECT_TRUE(holds(preparing(case_of({{"A", scratch.path("gone.nii")}}), {}), "gone.nii"));
  std::string moved = preparing(case_of({{"A", a}, {"B", scratch.image("moved.nii", {3, 4, 5}, [](int64_t i) { return float(i); }, 0.5)}}, l), {});
  EXPECT_TRUE(holds(moved, "input: ") && holds(moved, "'K1'") && holds(moved, "a.nii.gz") && holds(moved, "moved.nii") &&
              holds(moved, "0.5 mm"))
      << moved;
  std::string larger = preparing(case_of({{"A", a}}, scratch.label("larger.nii", {3, 4, 6})), {});
  EXPECT_TRUE(holds(larger, "3x4x5") && holds(larger, "3x4x6")) << larger;
  std::string unknown = preparing(case_of({{"A", a}}, scratch.label("unknown.nii", {3, 4, 5}, [](int64_t i) { return i == 7 ? 9 : 0; })), {});
  EXPECT_TRUE(holds(unknown, "label value 9") && holds(unknown, "one, rest")) << unknown;
  std::string between = preparing(case_of({{"A", a}}, scratch.label("between.nii", {3, 4, 5}, [](int64_t i) { return i == 7 ? 3 : 0; })), {});
  EXPECT_TRUE(holds(between, "label value 3")) << between;  // 3 lies between known values and is still unknown
  std::string broken = preparing(case_of({{"A", a}}, scratch.image("float.nii", {3, 4, 5}, [](int64_t i) { return i == 7 ? 0.5f : 0; })), {});
  EXPECT_TRUE(holds(broken, "input: ") && holds(broken, "0.5")) << broken;
  std::string nan = preparing(case_of({{"A", scratch.image("nan.nii", {3, 4, 5}, [](int64_t) { return NAN; })}}), {});
  EXPECT_TRUE(holds(nan, "'K1'") && holds(nan, "nan.nii") && holds(nan, "finite")) << nan;
  PreprocessSpec crop;
  crop.crop = "roi";
  EXPECT_TRUE(holds(preparing(case_of({{"A", a}}, l), crop), "no ROI"));
  PreprocessSpec flat;
  flat.spacing = {1, 1};
  EXPECT_TRUE(holds(preparing(case_of({{"A", a}}, l), flat), "spacing"));
}

TEST(PrepareCase, ConstantImagesAndEmptyLabelsAreFine) {
  Scratch scratch;
  std::string constant = scratch.image("c.nii", {3, 4, 5}, [](int64_t) { return 5.0f; }),
              empty = scratch.label("e.nii", {3, 4, 5}, [](int64_t) { return 0; });
  for (const char* crop : {"none", "nonzero"}) {
    PreprocessSpec spec;
    spec.crop = crop;
    PreparedCase prepared = prepare(case_of({{"A", constant}}, empty), spec);
    EXPECT_EQ(prepared.geometry.size, (Extent{3, 4, 5}));
    for (float v : prepared.images[0]) ASSERT_EQ(v, 0);
    for (uint8_t v : prepared.labels) ASSERT_EQ(v, 0);
  }
  std::vector<std::string> told;
  LogSink before = set_log_sink([&](LogLevel, const std::string& message) { told.push_back(message); });
  prepare(case_of({{"A", scratch.image("n.nii", {3, 4, 5}, [](int64_t i) { return i == 9 ? NAN : float(i); })}}), {});
  set_log_sink(before);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(holds(told[0], "1 voxels"));
}

TEST(PrepareCase, TakesFramesOfOneFile) {
  // A 4-D file made by hand from two written ones: dim[0] = 4, dim[4] = 2, voxels one after the other.
  Scratch scratch;
  scratch.image("x.nii", {2, 2, 2}, [](int64_t i) { return float(i); });
  std::string file = read_text(system_env(), scratch.path("x.nii"));
  int16_t four = 4, two = 2;
  std::memcpy(file.data() + 40, &four, 2), std::memcpy(file.data() + 48, &two, 2);
  std::string voxels = file.substr(file.size() - 32);
  std::vector<float> second(8);
  for (size_t i = 0; i < 8; ++i) second[i] = 100 + float(i);
  file.append(reinterpret_cast<const char*>(second.data()), 32);
  scratch.write("four.nii", file);
  Case item = case_of({{"A", scratch.path("four.nii")}, {"B", scratch.path("four.nii")}});
  item.frames = {{"B", 1}};
  PreparedCase prepared = prepare(item, raw());
  EXPECT_EQ(prepared.images[0][3], 3);
  EXPECT_EQ(prepared.images[1][3], 103);
}

TEST(ClassMap, MergesRenamesAndRefuses) {
  Dataset dataset = two_modalities();
  ClassMap map = make_class_map(dataset, {});
  EXPECT_EQ(map.names, (std::vector<std::string>{"background", "one", "rest"}));
  EXPECT_EQ(map.class_of, (std::vector<int>{0, 1, 2, -1, 2}));
  ClassesSpec merged;
  merged.names = {"all"}, merged.values = {{1, 2, 4}};
  EXPECT_EQ(make_class_map(dataset, merged).class_of, (std::vector<int>{0, 1, 1, -1, 1}));
  ClassesSpec chosen;
  chosen.names = {"rest"};
  EXPECT_EQ(make_class_map(dataset, chosen).class_of, (std::vector<int>{0, 0, 1, -1, 1}));  // known and not chosen: background
  ClassesSpec whole;
  whole.whole = true;
  map = make_class_map(dataset, whole);
  EXPECT_EQ(map.count(), 2);
  EXPECT_EQ(map.class_of[77], 1);
  ClassesSpec twice;
  twice.names = {"a", "b"}, twice.values = {{1, 2}, {2}};
  EXPECT_TRUE(holds(error_of([&] { make_class_map(dataset, twice); }), "label value 2"));
  twice.values = {{1}};
  EXPECT_TRUE(holds(error_of([&] { make_class_map(dataset, twice); }), "1 lists for 2 names"));
  ClassesSpec unknown;
  unknown.names = {"nobody"};
  EXPECT_TRUE(holds(error_of([&] { make_class_map(dataset, unknown); }), "one, rest"));
  EXPECT_TRUE(holds(error_of([&] { make_class_map(Dataset{}, {}); }), "no labels"));
}

TEST(UsedChannels, AreChosenMinusLeftOut) {
  Dataset dataset = two_modalities();
  PreprocessSpec spec;
  EXPECT_EQ(used_channels(dataset, spec), (std::vector<std::string>{"A", "B"}));
  spec.channels = {"B", "A"}, spec.leave_out = {"A"};
  EXPECT_EQ(used_channels(dataset, spec), std::vector<std::string>{"B"});
  spec.leave_out = {"A", "B"};
  EXPECT_TRUE(holds(error_of([&] { used_channels(dataset, spec); }), "no channel is left"));
  spec.leave_out = {"C"};
  EXPECT_TRUE(holds(error_of([&] { used_channels(dataset, spec); }), "'C'"));
  spec.leave_out.clear(), spec.channels = {"A", "A"};
  EXPECT_TRUE(holds(error_of([&] { used_channels(dataset, spec); }), "twice"));
}

}  // namespace
}  // namespace tomograd
