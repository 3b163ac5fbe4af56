#include "dataset/fingerprint.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "dataset/normalize.h"

namespace tomograd {
namespace {

constexpr int64_t most_values = 4'000'000;       // per channel over all cases; what a percentile needs is far less

ChannelFingerprint describe(const std::string& channel, const std::vector<float>& sampled) {
  ChannelFingerprint result;
  result.channel = channel;
  if (sampled.empty()) return result;
  Intensities found = measure(sampled.data(), int64_t(sampled.size()));
  result.voxels = found.voxels, result.mean = found.mean, result.deviation = found.deviation, result.smallest = found.smallest,
  result.largest = found.largest;
  Buffer<float> values(int64_t(sampled.size()));
  std::copy(sampled.begin(), sampled.end(), values.begin());
  result.median = percentile(values, 50), result.percentile_00_5 = percentile(values, 0.5), result.percentile_99_5 = percentile(values, 99.5);
  return result;
}

}  // namespace

Fingerprint make_fingerprint(Env& env, const Dataset& dataset, const std::vector<int>& cases, const PreprocessSpec& spec, const ClassMap& classes) {
  if (cases.empty()) fail_input("a fingerprint of no case was asked for");
  PreprocessSpec raw = spec;
  raw.normalize = "none", raw.clip_percentiles.clear(), raw.spacing.clear();
  if (raw.missing == "error") raw.missing = "zero";
  Fingerprint result;
  result.classes = classes.names;
  result.class_voxels.assign(classes.names.size(), 0);
  auto channels = used_channels(dataset, spec);
  std::vector<std::vector<float>> sampled(channels.size());
  int64_t share = std::max<int64_t>(1000, most_values / int64_t(cases.size()));
  for (int index : cases) {
    const Case& item = dataset.cases.at(size_t(index));
    if (is_skipped(dataset, item, spec)) continue;
    raw.missing = "zero";
    PreparedCase prepared = prepare_case(env, dataset, item, raw, classes, true);
    result.cases.push_back(item.id);
    result.sizes.push_back(prepared.geometry.size);
    result.spacings.push_back(prepared.geometry.spacing());
    int64_t foreground = 0;
    for (uint8_t cls : prepared.labels) ++result.class_voxels[cls], foreground += cls != 0;
    int64_t step = std::max<int64_t>(1, ceil_div(foreground, share));
    for (size_t c = 0; c < channels.size(); ++c) {
      if (!prepared.present[c]) continue;
      int64_t nth = 0;
      for (int64_t i = 0; i < prepared.labels.size(); ++i)
        if (prepared.labels[i] != 0 && nth++ % step == 0) sampled[c].push_back(prepared.images[c][i]);
    }
  }
  if (result.cases.empty())
    fail_input(text("none of ", cases.size(), " cases has all the used modalities"), "preprocess.missing = 'zero' takes them all");
  for (size_t c = 0; c < channels.size(); ++c) result.channels.push_back(describe(channels[c], sampled[c]));
  return result;
}

Value fingerprint_to_value(const Fingerprint& fingerprint) {
  Value object = Value::table();
  Value::List sizes, spacings, channels;
  for (Extent size : fingerprint.sizes) sizes.push_back(Value(Value::List{size.z, size.y, size.x}));
  for (const auto& s : fingerprint.spacings) spacings.push_back(Value(Value::List{s[0], s[1], s[2]}));
  for (const auto& c : fingerprint.channels) {
    Value one = Value::table();
    one["channel"] = c.channel, one["voxels"] = c.voxels, one["mean"] = c.mean, one["median"] = c.median, one["deviation"] = c.deviation;
    one["smallest"] = c.smallest, one["largest"] = c.largest, one["percentile_00_5"] = c.percentile_00_5,
    one["percentile_99_5"] = c.percentile_99_5;
    channels.push_back(std::move(one));
  }
  object["cases"] = Value::list_of(fingerprint.cases);
  object["sizes_zyx"] = std::move(sizes), object["spacings_zyx_mm"] = std::move(spacings), object["channels"] = std::move(channels);
  Value& voxels = object["class_voxels"];
  voxels = Value::table();
  for (size_t i = 0; i < fingerprint.classes.size(); ++i) voxels[fingerprint.classes[i]] = fingerprint.class_voxels[i];
  return object;
}

}  // namespace tomograd
