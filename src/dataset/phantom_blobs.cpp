#include "dataset/phantom_blobs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"

namespace tomograd {

std::vector<int64_t> apportion(int64_t total, const std::vector<double>& weights) {
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int64_t> parts(weights.size());
  std::vector<std::pair<double, size_t>> rest;
  int64_t given = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    double exact = double(total) * weights[i] / sum;
    parts[i] = int64_t(std::floor(exact + 1e-9));
    given += parts[i];
    if (weights[i] > 0) rest.push_back({exact - double(parts[i]), i});
  }
  std::stable_sort(rest.begin(), rest.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (size_t i = 0; given < total; i = (i + 1) % rest.size(), ++given) ++parts[rest[i].second];
  return parts;
}

int64_t exact_total(int64_t near, const std::vector<double>& weights) {
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (int64_t total = 1; total <= near; ++total) {
    bool whole = true;
    for (double w : weights) {
      double exact = double(total) * w / sum;
      whole = whole && std::abs(exact - std::round(exact)) < 1e-9 * double(total);
    }
    if (whole) return near / total * total;
  }
  return near;
}

namespace {


struct Shape {  // distance of a voxel from the centre, in units in which blobs are about balls
  double cosine, sine, stretch, flat, lump, phase;
  int lobes;
  double operator()(double z, double y, double x) const {
    double a = (x * cosine + y * sine) * stretch, b = (y * cosine - x * sine) / stretch, c = z * flat;
    return std::sqrt(a * a + b * b + c * c) / (1 + lump * std::cos(lobes * std::atan2(b, a) + phase));
  }
};

Shape draw_shape(Random& random, double slice_ratio) {
  double angle = random.uniform(0, std::numbers::pi);
  return {std::cos(angle), std::sin(angle), random.uniform(0.86, 1.16), random.uniform(0.9, 1.1) / slice_ratio,
          random.uniform(0.04, 0.14), random.uniform(0, 2 * std::numbers::pi), 2 + int(random.below(3))};
}

struct Order {  // one blob to be placed
  int target, zone, modality;
  int64_t voxels;
};

class Placer {
 public:
  Placer(Extent size, const Buffer<uint8_t>& zone) : size_(size), free_(zone.size()) {
    std::copy(zone.begin(), zone.end(), free_.begin());
    for (int64_t i = 0; i < zone.size(); ++i)
      if (zone[i]) places_[zone[i]].push_back(i);
  }

  // Tries places at random; an empty blob when all tries failed.
  PhantomBlob place(const Order& order, double slice_ratio, Random& random) {
    const auto& places = places_[order.zone];
    for (int attempt = 0; attempt < 4000 && !places.empty(); ++attempt) {
      int64_t at = places[size_t(random.below(int64_t(places.size())))];
      Shape shape = draw_shape(random, slice_ratio);
      if (free_[at] != order.zone) continue;
      PhantomBlob blob{order.target, order.modality, {at / (size_.y * size_.x), at / size_.x % size_.y, at % size_.x}, {}, 0};
      if (grow(blob, order, shape)) return blob;
    }
    return {};
  }

 private:
  bool grow(PhantomBlob& blob, const Order& order, const Shape& shape) {
    double ball = std::cbrt(3 * double(order.voxels) * shape.flat / (4 * std::numbers::pi));
    int64_t reach = int64_t(std::ceil(1.5 * ball)) + 1, reach_z = int64_t(std::ceil(1.5 * ball / shape.flat)) + 1;
    for (double share : {0.7, 0.4}) {              // most places fail here, cheaply
      int64_t r = int64_t(share * ball), rz = int64_t(share * ball / shape.flat);
      for (Extent step : {Extent{rz, 0, 0}, Extent{-rz, 0, 0}, Extent{0, r, 0}, Extent{0, -r, 0}, Extent{0, 0, r}, Extent{0, 0, -r}}) {
        Extent p = blob.centre + step;
        if (!Box{{}, size_}.contains(p) || free_[index(p)] != order.zone) return false;
      }
    }
    near_.clear();
    for (int64_t z = -reach_z; z <= reach_z; ++z)
      for (int64_t y = -reach; y <= reach; ++y)
        for (int64_t x = -reach; x <= reach; ++x) near_.push_back({shape(double(z), double(y), double(x)), {z, y, x}});
    if (int64_t(near_.size()) < order.voxels) return false;
    auto nearer = [](const auto& a, const auto& b) {  // ties in a fixed order, so that sorting is the same everywhere
      return a.first != b.first ? a.first < b.first : std::array{a.second.z, a.second.y, a.second.x} < std::array{b.second.z, b.second.y, b.second.x};
    };
    std::nth_element(near_.begin(), near_.begin() + order.voxels - 1, near_.end(), nearer);
    near_.resize(size_t(order.voxels));
    for (const auto& [distance, offset] : near_) {
      Extent p = blob.centre + offset;
      if (!Box{{}, size_}.contains(p) || free_[index(p)] != order.zone) return false;
    }
    std::sort(near_.begin(), near_.end(), nearer);
    for (const auto& [distance, offset] : near_) blob.voxels.push_back(index(blob.centre + offset));
    for (const auto& [distance, offset] : near_) block(blob.centre + offset);
    return true;
  }

  void block(Extent p) {  // the voxel and its neighbours: blobs must not touch, not even by a corner
    for (int64_t z = std::max<int64_t>(0, p.z - 1); z <= std::min(size_.z - 1, p.z + 1); ++z)
      for (int64_t y = std::max<int64_t>(0, p.y - 1); y <= std::min(size_.y - 1, p.y + 1); ++y)
        for (int64_t x = std::max<int64_t>(0, p.x - 1); x <= std::min(size_.x - 1, p.x + 1); ++x) free_[index({z, y, x})] = 0;
  }

  int64_t index(Extent p) const { return (p.z * size_.y + p.y) * size_.x + p.x; }

  Extent size_;
  Buffer<uint8_t> free_;
  std::vector<int64_t> places_[3];
  std::vector<std::pair<double, Extent>> near_;
};

bool carries(const std::vector<PhantomBlob>& blobs, int target) {
  return std::any_of(blobs.begin(), blobs.end(), [&](const auto& blob) { return blob.target == target; });
}

double typical_voxels(const BlobPlan& plan, int zone) {
  double radius = plan.radius * (zone == 1 ? 1.0 : 0.85);
  return 4.0 / 3.0 * std::numbers::pi * radius * radius * radius * plan.slice_ratio;
}

// All blobs of a patient with `share` of the body as lesions; largest first, as they are the hardest to place.
std::vector<Order> draw_orders(int64_t body_voxels, double share, const std::vector<double>& weights, const BlobPlan& plan, Random& random) {
  std::vector<Order> orders;
  for (int zone = 1; zone <= 2; ++zone) {
    double typical = typical_voxels(plan, zone);
    int64_t wanted = int64_t(std::llround(double(body_voxels) * share / 2));
    auto parts = apportion(exact_total(wanted, weights), weights);
    for (size_t m = 0; m < parts.size(); ++m) {
      if (parts[m] == 0) continue;
      std::vector<double> sizes(size_t(std::max<int64_t>(1, std::llround(double(parts[m]) / typical))));
      for (double& size : sizes) size = random.uniform(0.75, 1.3);
      for (int64_t voxels : apportion(parts[m], sizes))
        if (voxels > 0) orders.push_back({zone, zone, int(m), voxels});
    }
    for (size_t m = 0; m < weights.size(); ++m)
      for (int64_t d = 0; d < plan.distractors; ++d)
        orders.push_back({0, zone, int(m), std::max<int64_t>(8, std::llround(typical * random.uniform(0.75, 1.3)))});
  }
  std::stable_sort(orders.begin(), orders.end(), [](const Order& a, const Order& b) { return a.voxels > b.voxels; });
  return orders;
}

}  // namespace

std::vector<PhantomBlob> place_blobs(Extent size, const Buffer<uint8_t>& zone, int64_t body_voxels, const std::vector<double>& weights,
                                     const BlobPlan& plan, uint64_t seed, int64_t patient) {
  double share = plan.lesion_share;
  BlobPlan now = plan;
  for (int round = 0; round < 12; ++round, share *= 0.88, now.radius *= 0.94) {
    if (round == 6) now.distractors = std::min<int64_t>(1, now.distractors);
    Random random(seed, "phantom/blobs", uint64_t(round), uint64_t(patient));
    Placer placer(size, zone);
    std::vector<PhantomBlob> blobs;
    auto orders = draw_orders(body_voxels, share, weights, now, random);
    for (const Order& order : orders) {
      PhantomBlob blob = placer.place(order, plan.slice_ratio, random);
      if (blob.voxels.empty()) break;
      if (order.target == 0) blob.hole = std::max<int64_t>(1, std::llround(plan.hole_share * double(order.voxels)));
      blobs.push_back(std::move(blob));
    }
    bool both = carries(blobs, 1) && carries(blobs, 2);
    if (blobs.size() == orders.size() && both) return blobs;
  }
  fail_input(text("a phantom of ", to_string(size), " voxels has no room for its lesions"), "ask for at least 12,48,48 voxels");
}

void shrink_lesions(std::vector<PhantomBlob>& blobs, double factor, const std::vector<double>& weights) {
  for (int target = 1; target <= 2; ++target) {
    int64_t total = 0;
    for (const auto& blob : blobs) total += blob.target == target ? int64_t(blob.voxels.size()) : 0;
    auto parts = apportion(exact_total(std::llround(factor * double(total)), weights), weights);
    for (size_t m = 0; m < weights.size(); ++m) {
      std::vector<double> sizes;
      for (const auto& blob : blobs) sizes.push_back(blob.target == target && blob.modality == int(m) ? double(blob.voxels.size()) : 0);
      if (std::accumulate(sizes.begin(), sizes.end(), 0.0) == 0) continue;
      auto kept = apportion(parts[m], sizes);
      for (size_t i = 0; i < blobs.size(); ++i)
        if (sizes[i] > 0) blobs[i].voxels.resize(size_t(std::min(kept[i], int64_t(blobs[i].voxels.size()))));
    }
  }
  std::erase_if(blobs, [](const auto& blob) { return blob.voxels.empty(); });
}

}  // namespace tomograd
