#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "sampling/case_labels.h"
#include "sampling/locations.h"
#include "sampling/shares.h"
#include "sampling/weight_map.h"

namespace tomograd {
namespace {

constexpr int64_t most_counted = int64_t{2'000'000'000};  // voxels whose classes shares() counts, a second or two
constexpr int64_t most_decoded = int64_t{200'000'000};    // the same in stores
constexpr int blind_tries = 1024;  // draws of a background voxel before the volume is searched for one

}  // namespace

struct Sampler::Epoch {
  uint64_t number = 0;
  struct Draw { int case_index; int cls; };
  std::vector<Draw> draws;                       // empty when the user gives the places
  std::vector<PatchPlace> given;
};

namespace {

using Draw = Sampler::Epoch::Draw;

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[size_t(random.below(int64_t(i)))]);
}

Extent begin_around(Extent centre, Extent patch, Extent size) {
  Extent begin;
  for (int a = 0; a < 3; ++a) begin[a] = size[a] >= patch[a] ? std::clamp<int64_t>(centre[a] - patch[a] / 2, 0, size[a] - patch[a]) : -((patch[a] - size[a]) / 2);
  return begin;
}

}  // namespace

struct Sampler::State {
  const std::vector<PreparedCase>& cases;
  const std::vector<LabelIndex>& indices;
  SamplingSpec spec;
  uint64_t seed;
  int64_t classes = 1;
  std::vector<double> weights, case_weights;     // [class] shares with background first; [case]
  std::vector<std::vector<int64_t>> available;   // [case][class]
  std::vector<Location> locations;
  std::vector<std::optional<WeightMap>> maps;    // [case]; empty = none are used
  std::vector<std::string> warnings;

  void tell(std::string warning) {
    warn(warning);
    warnings.push_back(std::move(warning));
  }

  void check_and_weigh();
  void look_for_gaps();
  void read_maps(Env& env);
  std::vector<Draw> order(uint64_t number) const;
  CaseLabels labels(int case_index) const { return {cases[size_t(case_index)], indices[size_t(case_index)]}; }
  PatchPlace place(const Draw& draw, Random& random, FractionReport* report) const;
  Extent centre(const Draw& draw, Random& random) const;
  Extent background_voxel(int case_index, Random& random) const;
  double foreground_share(int case_index, Extent begin) const;
  std::vector<PatchPlace> given(uint64_t number) const;
};

std::vector<double> weights_of(const Value& given, const std::vector<PreparedCase>& cases) {
  std::vector<double> weights(cases.size(), 1.0);
  if (given.is_nothing() || (given.is_list() && given.as_list().empty())) return weights;
  if (!given.is_table())
    fail_input(text("sampling.case_weights is ", given.type_name(), "; which case a number of a list means would change with the cases that are held back"),
               "name the cases: [sampling.case_weights] with one line CASE = weight each");
  for (const auto& [id, value] : given.as_table()) {
    double weight = with_context("sampling.case_weights." + id, [&] { return value.as_number(); });
    if (!(weight >= 0) || !std::isfinite(weight)) fail_input(text("sampling.case_weights.", id, " is ", weight, ", expected 0 or more"));
    for (size_t k = 0; k < cases.size(); ++k)
      if (cases[k].id == id) weights[k] = weight;  // others are held back from training
  }
  return weights;
}

void Sampler::State::check_and_weigh() {
  if (cases.empty()) fail_input("there is no training case to draw patches from");
  if (cases.size() != indices.size()) fail_failure(text(cases.size(), " cases came with ", indices.size(), " label indices"));
  for (const auto& index : indices) classes = std::max(classes, index.classes);
  const auto foreground_classes = size_t(classes - 1);
  if (!spec.class_weights.empty() && spec.class_weights.size() != foreground_classes)
    fail_input(text("sampling.class_weights has ", spec.class_weights.size(), " numbers, must have one for each of the ", foreground_classes, " foreground classes"));
  case_weights = weights_of(spec.case_weights, cases);
  if (!(std::accumulate(case_weights.begin(), case_weights.end(), 0.0) > 0)) fail_input("sampling.case_weights are all 0, one at least must be positive");
  std::vector<double> relative = spec.class_weights.empty() ? std::vector<double>(foreground_classes, 1.0) : spec.class_weights;
  const double sum = std::accumulate(relative.begin(), relative.end(), 0.0);
  if (spec.foreground > 0 && foreground_classes > 0 && !(sum > 0)) fail_input("sampling.class_weights are all 0 while sampling.foreground is above 0");
  weights = {1 - spec.foreground};
  for (double w : relative) weights.push_back(sum > 0 ? spec.foreground * w / sum : 0);
  for (size_t k = 0; k < cases.size(); ++k) {
    auto& row = available.emplace_back(size_t(classes), 0);
    if (!labels(int(k)).there()) row[0] = cases[k].geometry.size.voxels();  // drawn anywhere
    else
      for (int64_t c = 0; c < indices[k].classes; ++c) row[size_t(c)] = indices[k].voxels_of(c);
  }
}

void Sampler::State::look_for_gaps() {
  std::vector<int64_t> cases_with(size_t(classes), 0);
  int64_t any = 0;
  for (size_t k = 0; k < cases.size(); ++k) {
    int64_t foreground = std::accumulate(available[k].begin() + 1, available[k].end(), int64_t{0});
    if (case_weights[k] > 0) {
      any += foreground;
      for (size_t c = 0; c < size_t(classes); ++c) cases_with[c] += available[k][c] > 0;
    }
    if (foreground == 0 && spec.foreground > 0)
      tell(text("case ", cases[k].id, !labels(int(k)).there() ? " has no label map" : " has no foreground voxel", ": only background patches are drawn from it"));
    if (foreground + available[k][0] == 0) tell(text("case ", cases[k].id, " has no voxel to draw from: its region of interest is empty"));
  }
  if (any == 0 && cases_with[0] == 0) fail_input("no training case has a voxel to draw patches from", "look at the regions of interest");
  if (any == 0 && spec.foreground > 0)
    fail_input(text("sampling.foreground is ", spec.foreground, ", but none of the ", cases.size(), " training cases has a foreground voxel"), "set sampling.foreground to 0 or look at the labels");
  Random random(seed, "sampling/plan");
  auto plan = plan_epoch(spec.epoch_patches, weights, case_weights, available, random);
  for (size_t c = 0; c < size_t(classes); ++c) {
    if (!(weights[c] > 0)) continue;
    if (cases_with[c] == 0) tell(text("class ", c, " has no voxel in any training case: its patches go to the other classes"));
    else if (plan.of_class[c] == 0) tell(text("class ", c, " gets no patch in an epoch of ", spec.epoch_patches, ": raise sampling.epoch_patches"));
  }
}

// With weight maps there is one class, "anywhere the map says", and cases without a map are left out.
void Sampler::State::read_maps(Env& env) {
  classes = 1, weights = {1};
  for (size_t k = 0; k < cases.size(); ++k) {
    if (indices[k].stored) fail_input(text("sampling.locations is a folder of weight maps, and case ", cases[k].id, " lies in a block store; a map of it would be as large as its image"), "give a CSV file of patch centres, or leave sampling.locations empty");
    maps.push_back(WeightMap::read(env, spec.locations, cases[k]));
    available[k] = {maps[k] ? maps[k]->voxels() : 0};
    if (!maps[k]) tell(text("case ", cases[k].id, " has no weight map: no patch is drawn from it"));
  }
  if (std::none_of(maps.begin(), maps.end(), [](const auto& map) { return map.has_value(); }))
    fail_input("the folder '" + spec.locations + "' holds no weight map of a training case", "maps are named after the case: " + cases[0].id + ".nii.gz");
}

// Cases and classes of an epoch in order: the patches of a case in random order, cut into runs of reads_per_case, runs shuffled.
std::vector<Draw> Sampler::State::order(uint64_t number) const {
  Random random(seed, "sampling/plan", number);
  auto plan = plan_epoch(spec.epoch_patches, weights, case_weights, available, random);
  Random mixing(seed, "sampling/order", number);
  std::vector<std::vector<Draw>> runs;
  for (size_t k = 0; k < cases.size(); ++k) {
    std::vector<Draw> own;
    for (size_t c = 0; c < size_t(classes); ++c) own.insert(own.end(), size_t(plan.counts[k][c]), Draw{int(k), int(c)});
    shuffle(own, mixing);
    for (size_t first = 0; first < own.size(); first += size_t(spec.reads_per_case))
      runs.emplace_back(own.begin() + int64_t(first), own.begin() + int64_t(std::min(own.size(), first + size_t(spec.reads_per_case))));
  }
  shuffle(runs, mixing);
  std::vector<Draw> all;
  for (const auto& run : runs) all.insert(all.end(), run.begin(), run.end());
  return all;
}

// Drawn in the uncropped grid: the box of preprocess.crop = "nonzero" depends on the channels, and with the same random numbers
// the same voxels shall be drawn whichever of them is left out.
Extent Sampler::State::background_voxel(int case_index, Random& random) const {
  const PreparedCase& item = cases[size_t(case_index)];
  const CaseLabels own = labels(case_index);
  const Extent size = item.geometry.size, whole = item.resampled.size;
  for (int t = 0; t < blind_tries; ++t) {
    const Extent v = voxel_at(random.below(whole.voxels()), whole) - item.crop.begin;
    bool inside = v.z >= 0 && v.y >= 0 && v.x >= 0 && v.z < size.z && v.y < size.y && v.x < size.x;
    if (inside && own.in_roi(v) && (!own.there() || own.class_at(v) == 0)) return v;
  }
  const int64_t count = own.background_voxels();
  if (count == 0) fail_input(text("the region of interest of case ", item.id, " is empty"));
  return own.background_voxel(random.below(count));
}

Extent Sampler::State::centre(const Draw& draw, Random& random) const {
  if (draw.cls == 0) return background_voxel(draw.case_index, random);
  return labels(draw.case_index).voxel(draw.cls, random.below(available[size_t(draw.case_index)][size_t(draw.cls)]));
}

double Sampler::State::foreground_share(int case_index, Extent begin) const {
  return double(labels(case_index).foreground_in(Box{begin, spec.patch})) / double(spec.patch.voxels());
}

PatchPlace Sampler::State::place(const Draw& draw, Random& random, FractionReport* report) const {
  const PreparedCase& item = cases[size_t(draw.case_index)];
  const bool labelled = labels(draw.case_index).there();
  if (!maps.empty()) {
    const Extent c = maps[size_t(draw.case_index)]->draw(item, random);
    return {draw.case_index, labelled ? int(labels(draw.case_index).class_at(c)) : -1, begin_around(c, spec.patch, item.geometry.size)};
  }
  PatchPlace place{draw.case_index, labelled ? draw.cls : -1, begin_around(centre(draw, random), spec.patch, item.geometry.size)};
  if (draw.cls == 0 || (spec.min_fraction <= 0 && !report)) return place;
  double share = foreground_share(draw.case_index, place.begin);
  for (int t = 1; t < fraction_tries && share < spec.min_fraction; ++t) {
    Extent begin = begin_around(centre(draw, random), spec.patch, item.geometry.size);
    if (report) ++report->redrawn;
    if (double other = foreground_share(draw.case_index, begin); other > share) share = other, place.begin = begin;
  }
  if (report) {
    ++report->foreground_patches;
    report->below += share < spec.min_fraction;
    report->lowest = std::min(report->lowest, share);
  }
  return place;
}

// The user's centres, each as often as the others (once more for some when the epoch is no multiple), in seeded order.
std::vector<PatchPlace> Sampler::State::given(uint64_t number) const {
  Random random(seed, "sampling/locations", number);
  std::vector<PatchPlace> places;
  while (int64_t(places.size()) < spec.epoch_patches) {
    std::vector<Location> round = locations;
    shuffle(round, random);
    for (const auto& location : round) {
      if (int64_t(places.size()) == spec.epoch_patches) break;
      const CaseLabels own = labels(location.case_index);
      int cls = own.there() ? int(own.class_at(location.centre)) : -1;
      places.push_back({location.case_index, cls, begin_around(location.centre, spec.patch, cases[size_t(location.case_index)].geometry.size)});
    }
  }
  return places;
}

Sampler::Sampler(const std::vector<PreparedCase>& cases, const std::vector<LabelIndex>& indices, const SamplingSpec& spec, uint64_t seed, Env& env)
    : state_(new State{cases, indices, spec, seed, 1, {}, {}, {}, {}, {}, {}}) {
  State& s = *state_;
  s.check_and_weigh();
  if (spec.locations.empty()) {
    s.look_for_gaps();
    return;
  }
  if (env.kind(spec.locations) == FileKind::directory) {
    s.read_maps(env);
    return;
  }
  int64_t others = 0;
  s.locations = read_locations(env, spec.locations, cases, &others);
  if (others > 0) s.tell(text(others, " patch locations belong to cases that are not trained on and are left out"));
}

Sampler::~Sampler() = default;
int64_t Sampler::epoch_patches() const { return state_->spec.epoch_patches; }
const std::vector<std::string>& Sampler::warnings() const { return state_->warnings; }
const std::string& Sampler::case_id(int case_index) const { return state_->cases[size_t(case_index)].id; }

std::shared_ptr<const Sampler::Epoch> Sampler::open_epoch(uint64_t number) const {
  auto epoch = std::make_shared<Epoch>();
  epoch->number = number;
  if (state_->locations.empty()) epoch->draws = state_->order(number);
  else epoch->given = state_->given(number);
  return epoch;
}

int Sampler::case_of(const Epoch& epoch, int64_t i) const { return epoch.draws.empty() ? epoch.given[size_t(i)].case_index : epoch.draws[size_t(i)].case_index; }

PatchPlace Sampler::place(const Epoch& epoch, int64_t i) const {
  if (epoch.draws.empty()) return epoch.given[size_t(i)];
  Random random(state_->seed, "sampling/place", epoch.number, uint64_t(i));
  return state_->place(epoch.draws[size_t(i)], random, nullptr);
}

std::vector<PatchPlace> Sampler::epoch(uint64_t number) const {
  auto epoch = open_epoch(number);
  std::vector<PatchPlace> places;
  for (int64_t i = 0; i < int64_t(epoch->draws.size() + epoch->given.size()); ++i) places.push_back(place(*epoch, i));
  return places;
}

FractionReport Sampler::fraction_report(uint64_t number) const {
  const State& s = *state_;
  FractionReport report;
  if (!s.locations.empty()) return report;
  uint64_t i = 0;
  for (const Draw& draw : s.order(number)) {
    Random random(s.seed, "sampling/place", number, i++);
    s.place(draw, random, &report);
  }
  return report;
}

ClassShares Sampler::shares(uint64_t number) const {
  const State& s = *state_;
  const auto places = epoch(number);
  const auto classes = size_t(s.maps.empty() ? s.classes : std::max_element(s.indices.begin(), s.indices.end(), [](const auto& a, const auto& b) { return a.classes < b.classes; })->classes);
  ClassShares shares{s.weights, std::vector<double>(classes, 0), std::vector<double>(classes, 0), {}};
  if (!s.maps.empty()) shares.expected.assign(classes, std::nan(""));  // whatever the maps say
  std::vector<int64_t> centres(classes, 0);
  std::array<int64_t, 256> voxels{};
  int64_t counted = 0, decoded = 0;
  for (const auto& place : places) {
    ++shares.case_patches[place.case_index];
    if (place.drawn_class >= 0) ++centres[size_t(place.drawn_class)];
    const bool stored = s.indices[size_t(place.case_index)].stored != nullptr;
    if (!s.labels(place.case_index).there() || counted >= most_counted || (stored && decoded >= most_decoded)) continue;
    (stored ? decoded : counted) += s.spec.patch.voxels();
    s.labels(place.case_index).count(Box{place.begin, s.spec.patch}, voxels);
  }
  const double all = double(std::accumulate(voxels.begin(), voxels.end(), int64_t{0}));
  for (size_t c = 0; c < classes; ++c) {
    shares.realised[c] = double(centres[c]) / double(places.size());
    shares.voxel_share[c] = all > 0 ? double(voxels[c]) / all : 0;
  }
  return shares;
}

}  // namespace tomograd
