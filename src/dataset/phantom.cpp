#include "dataset/phantom.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/error.h"
#include "dataset/phantom_images.h"
#include "spec/field.h"
#include "spec/text_formats.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

const std::vector<std::string>& modality_names() {
  static const std::vector<std::string> names(head_neck_modalities.begin(), head_neck_modalities.end());
  return names;
}

std::vector<double> importance_of(const HeadNeckOptions& options) {
  return options.importance.empty() ? geometric_importance() : options.importance;
}

// The first patient has the size that was asked for; others have some slices more or less and another matrix.
Extent size_of(const HeadNeckOptions& options, int64_t patient) {
  Extent size = options.size;
  if (patient == 0) return size;
  Random random(options.seed, "phantom/size", 0, uint64_t(patient));
  int64_t slices = std::max<int64_t>(1, size.z / 12), rows = size.y / 32, columns = size.x / 32;
  size.z += random.below(2 * slices + 1) - slices;
  size.y += random.below(2 * rows + 1) - rows;
  size.x += random.below(2 * columns + 1) - columns;
  return size;
}

// A field of view of about 180 mm and slices of about 3 mm; the table is tilted by a few degrees.
Geometry canonical_geometry(const HeadNeckOptions& options, Extent size, int64_t patient) {
  Random random(options.seed, "phantom/geometry", 0, uint64_t(patient));
  double spacing[3] = {180.0 / double(options.size.x) * random.uniform(0.95, 1.05), 180.0 / double(options.size.x) * random.uniform(0.95, 1.05),
                       3 * random.uniform(0.9, 1.1)};
  double roll = random.uniform(-0.07, 0.07), pitch = random.uniform(-0.07, 0.07);
  double turn[3][3] = {{std::cos(roll), -std::sin(roll), 0},
                       {std::cos(pitch) * std::sin(roll), std::cos(pitch) * std::cos(roll), -std::sin(pitch)},
                       {std::sin(pitch) * std::sin(roll), std::sin(pitch) * std::cos(roll), std::cos(pitch)}};
  Geometry geometry{size, {}};
  double middle[3] = {double(size.x - 1) / 2, double(size.y - 1) / 2, double(size.z - 1) / 2};
  for (size_t row = 0; row < 3; ++row) {
    double origin = random.uniform(-20, 20);
    for (size_t column = 0; column < 3; ++column) {
      geometry.affine[row][column] = turn[row][column] * spacing[column];
      origin -= geometry.affine[row][column] * middle[column];
    }
    geometry.affine[row][3] = origin;
  }
  return geometry;
}

// Which axes are stored backwards: scanners differ, so patients do: RAS, LPS, LAS, RPI, ...
Reorientation storage_of(int64_t patient) {
  static constexpr bool flips[5][3] = {{false, false, false}, {false, true, true}, {false, false, true}, {true, true, false}, {true, false, false}};
  Reorientation r;
  for (size_t axis = 0; axis < 3; ++axis) r.flipped[axis] = flips[patient % 5][axis];
  return r;
}

int64_t stored_index(int64_t i, Extent size, const Reorientation& r) {
  Extent p{i / (size.y * size.x), i / size.x % size.y, i % size.x};
  for (int axis = 0; axis < 3; ++axis)
    if (r.flipped[size_t(axis)]) p[axis] = size[axis] - 1 - p[axis];
  return (p.z * size.y + p.y) * size.x + p.x;
}

template <class T>
Buffer<T> stored(const Buffer<T>& canonical, Extent size, const Reorientation& r) {
  Buffer<T> voxels(canonical.size());
  for (int64_t i = 0; i < canonical.size(); ++i) voxels[stored_index(i, size, r)] = canonical[i];
  return voxels;
}

std::string numbered(const char* prefix, int64_t index, int64_t count, size_t digits) {
  std::string number = std::to_string(index + 1);
  digits = std::max(digits, std::to_string(count).size());
  return prefix + std::string(digits - number.size(), '0') + number;
}

void check(const HeadNeckOptions& options) {
  if (options.patients < 1 || options.patients > 9999) fail_input(text("a cohort of ", options.patients, " patients; expected 1 to 9999"));
  if (!(options.noise >= 0 && options.noise <= 2)) fail_input(text("noise of ", options.noise, " times the usual; expected 0 to 2"));
  if (options.scans < 1 || options.scans > 9) fail_input(text(options.scans, " scans per patient; expected 1 to 9"));
  if (!fits_inside({10, 40, 40}, options.size) || !fits_inside(options.size, {2000, 2000, 2000}))
    fail_input(text("a head-neck phantom of ", to_string(options.size), " voxels"), "sizes Z,Y,X from 10,40,40 to 2000,2000,2000 are possible");
}

Value counts_value(const std::vector<int64_t>& counts) {
  Value table = Value::table();
  for (size_t m = 0; m < counts.size(); ++m) table[head_neck_modalities[m]] = counts[m];
  return table;
}

Value shares_value(const std::vector<int64_t>& counts) {
  double total = double(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  Value table = Value::table();
  for (size_t m = 0; m < counts.size(); ++m) table[head_neck_modalities[m]] = total > 0 ? double(counts[m]) / total : 0.0;
  return table;
}

Value loss_value(const std::vector<double>& weights, double sum) {  // s / (2 - s) with s = w / sum, rounded once
  Value table = Value::table();
  for (size_t m = 0; m < weights.size(); ++m) table[head_neck_modalities[m]] = weights[m] / (2 * sum - weights[m]);
  return table;
}

Value scan_value(const HeadNeckScan& scan) {
  Value v = Value::table();
  v["patient"] = scan.patient;
  v["scan"] = scan.scan;
  Extent size = scan.labels.geometry.size;
  v["shape_zyx"] = Value(Value::List{size.z, size.y, size.x});
  v["carrier_voxels"] = counts_value(carrier_voxels(scan.blobs, 0));
  v["carrier_voxels_gtv_t"] = counts_value(carrier_voxels(scan.blobs, 1));
  v["carrier_voxels_gtv_ln"] = counts_value(carrier_voxels(scan.blobs, 2));
  v["realised_shares"] = shares_value(carrier_voxels(scan.blobs, 0));
  Value::List lesions, distractors;
  for (const auto& blob : scan.blobs) {
    Value item = Value::table();
    if (blob.target) item["target"] = blob.target == 1 ? "GTV-T" : "GTV-Ln";
    item[blob.target ? "carrier" : "modality"] = head_neck_modalities[size_t(blob.modality)];
    item["voxels"] = int64_t(blob.voxels.size());
    item["centre_zyx"] = Value(Value::List{blob.centre.z, blob.centre.y, blob.centre.x});
    (blob.target ? lesions : distractors).push_back(std::move(item));
  }
  v["lesions"] = Value(std::move(lesions));
  v["distractors"] = Value(std::move(distractors));
  return v;
}

void write_scan(Env& env, const HeadNeckScan& scan, const std::string& directory) {
  std::string folder = join_path(join_path(directory, scan.patient), scan.scan);
  env.make_directories(folder);
  auto path = [&](const std::string& rest) { return join_path(folder, scan.patient + "_" + rest + ".nii.gz"); };
  for (size_t m = 0; m < head_neck_modalities.size(); ++m) {
    write_nifti(env, path(head_neck_modalities[m]), scan.raw[m]);
    write_nifti(env, path(std::string("normalization_") + head_neck_modalities[m]), scan.normalised[m]);
  }
  write_nifti_labels(env, path("normalization_seg"), scan.labels);
  write_nifti_labels(env, path("normalization_mask"), scan.mask);
}

bool is_patient_folder(const std::string& name) { return name.size() >= 3 && name[0] == 'P' && name.find_first_not_of("0123456789", 1) == std::string::npos; }

}  // namespace

std::vector<double> geometric_importance() { return {4, 32, 16, 64, 1, 8, 2}; }
std::vector<double> equal_importance() { return std::vector<double>(head_neck_modalities.size(), 1.0); }

std::vector<double> parse_importance(const std::string& given) {
  std::vector<double> importance(head_neck_modalities.size(), 0.0);
  std::istringstream parts(given);
  for (std::string part; std::getline(parts, part, ',');) {
    size_t equals = part.find('=');
    std::string name = part.substr(0, equals);
    auto found = std::find(modality_names().begin(), modality_names().end(), name);
    if (found == modality_names().end()) {
      std::string near = nearest_name(name, modality_names());
      fail_usage(text("--importance names \"", name, "\"", near.empty() ? "" : "; did you mean " + near + "?"),
                 "the modalities are T1w, T1ce, T2w, T2star, ADC, ktrans, ve");
    }
    std::istringstream number(equals == std::string::npos ? "" : part.substr(equals + 1));
    double weight = -1;
    if (!(number >> weight) || !number.eof() || !(weight >= 0) || weight > 1e6)
      fail_usage(text("--importance has \"", part, "\"; expected name=weight with a weight from 0 to 1e6"));
    importance[size_t(found - modality_names().begin())] = weight;
  }
  if (std::accumulate(importance.begin(), importance.end(), 0.0) <= 0) fail_usage("--importance gives no modality a weight above 0");
  return importance;
}

std::vector<int64_t> carrier_voxels(const std::vector<PhantomBlob>& blobs, int target) {
  std::vector<int64_t> counts(head_neck_modalities.size(), 0);
  for (const auto& blob : blobs)
    if (blob.target && (target == 0 || blob.target == target)) counts[size_t(blob.modality)] += int64_t(blob.voxels.size());
  return counts;
}

HeadNeckScan make_head_neck_scan(const HeadNeckOptions& options, int64_t patient, int64_t scan) {
  check(options);
  auto weights = importance_of(options);
  Extent size = size_of(options, patient);
  Anatomy anatomy = make_anatomy(size, options.seed, patient);
  Geometry canonical = canonical_geometry(options, size, patient);
  auto spacing = canonical.spacing();
  BlobPlan plan;
  Random random(options.seed, "phantom/plan", 0, uint64_t(patient));
  plan.lesion_share = random.uniform(0.036, 0.05);
  plan.radius = std::clamp(0.039 * double(size.x), 2.6, 7.0);
  plan.slice_ratio = std::clamp(spacing[1] / spacing[0], 0.42, 1.0);
  auto blobs = place_blobs(size, anatomy.zone, anatomy.body_voxels, weights, plan, options.seed, patient);
  for (int64_t s = 0; s < scan; ++s) shrink_lesions(blobs, 0.8, weights);

  Reorientation storage = storage_of(patient);
  Geometry geometry = reoriented(canonical, storage);
  HeadNeckScan result;
  result.patient = numbered("P", patient, options.patients, 2);
  result.scan = numbered("scan", scan, options.scans, 1);
  for (int m = 0; m < int(head_neck_modalities.size()); ++m) {
    ScanImage image = make_scan_image(anatomy, blobs, {m, options.seed, patient, scan, options.noise});
    Geometry raw = canonical;
    for (auto& row : raw.affine) row[3] += row[0] * double(image.shift_x) + row[1] * double(image.shift_y);
    result.raw.push_back({reoriented(raw, storage), stored(image.raw, size, storage)});
    result.normalised.push_back({geometry, stored(image.normalised, size, storage)});
  }
  result.labels = {geometry, Buffer<uint16_t>(size.voxels(), 0)};
  result.mask = {geometry, Buffer<uint16_t>(size.voxels())};
  for (int64_t i = 0; i < size.voxels(); ++i) result.mask.voxels[stored_index(i, size, storage)] = anatomy.body[i];
  for (auto& blob : blobs) {
    for (int64_t& i : blob.voxels) {
      i = stored_index(i, size, storage);
      if (blob.target) result.labels.voxels[i] = uint16_t(blob.target);
    }
    int64_t at = blob.voxels.front();
    blob.centre = {at / (size.y * size.x), at / size.x % size.y, at % size.x};
  }
  result.blobs = std::move(blobs);
  return result;
}

Value write_head_neck_cohort(Env& env, const HeadNeckOptions& options, const std::string& directory, ThreadPool& pool,
                             const std::function<void(int64_t, int64_t)>& done) {
  check(options);
  // A cohort whose writing was cut short carries this mark and is written anew; nobody else's folder is touched.
  std::string unfinished = join_path(directory, "phantom.unfinished");
  bool ours = env.kind(unfinished) == FileKind::file;
  if (!ours && env.kind(directory) != FileKind::missing && (env.kind(directory) != FileKind::directory || !env.list(directory).empty()))
    fail_input(text("\"", directory, "\" is there already"), "name a new or an empty folder");
  env.make_directories(directory);
  if (ours)
    for (const auto& name : env.list(directory))
      if (is_patient_folder(name)) env.remove_tree(join_path(directory, name));
  env.create_file(unfinished)->close();          // not published: between a temporary and its name a kill would leave neither
  int64_t count = options.patients * options.scans, finished = 0;
  std::vector<Value> scans(size_t(count), Value{});
  std::mutex talking;
  pool.for_each(count, [&](int64_t i) {
    HeadNeckScan scan = make_head_neck_scan(options, i / options.scans, i % options.scans);
    with_context(text("writing phantom ", scan.patient, " ", scan.scan), [&] { write_scan(env, scan, directory); });
    scans[size_t(i)] = scan_value(scan);
    std::lock_guard lock(talking);
    if (done) done(++finished, count);
  });

  auto weights = importance_of(options);
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> shares;
  for (double w : weights) shares.push_back(w / sum);
  std::vector<size_t> order(weights.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return weights[a] > weights[b]; });
  Value v = Value::table();
  v["format"] = "tomograd.phantom/1";
  v["kind"] = "head-neck";
  v["seed"] = int64_t(options.seed);
  v["size_zyx"] = Value(Value::List{options.size.z, options.size.y, options.size.x});
  v["patients"] = options.patients;
  v["scans_per_patient"] = options.scans;
  v["noise"] = options.noise;
  v["modalities"] = Value::list_of(modality_names());
  v["null"] = std::all_of(weights.begin(), weights.end(), [&](double w) { return w == weights[0]; });
  Value importance = Value::table(), planted = Value::table();
  for (size_t m = 0; m < weights.size(); ++m) importance[head_neck_modalities[m]] = weights[m], planted[head_neck_modalities[m]] = shares[m];
  v["importance"] = importance;
  v["planted_shares"] = planted;
  Value::List names;
  for (size_t m : order) names.push_back(head_neck_modalities[m]);
  v["planted_order"] = Value(std::move(names));
  v["ideal_dice_loss"] = loss_value(weights, sum);
  v["scans"] = Value(Value::List(scans.begin(), scans.end()));
  publish_text(env, join_path(directory, "phantom.json"), to_json(v) + "\n");
  env.remove_file(unfinished);
  return v;
}

}  // namespace tomograd
