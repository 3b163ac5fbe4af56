#include "pictures/montage.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "pictures/overlay.h"

namespace tomograd {

constexpr size_t most_in_legend = 20;

std::vector<LegendEntry> label_legend(const std::vector<const LabelSlice*>& slices, const std::vector<std::pair<int64_t, std::string>>& names) {
  std::set<uint16_t> values;
  for (const LabelSlice* slice : slices) values.insert(slice->pixels.begin(), slice->pixels.end());
  std::vector<LegendEntry> legend;
  if (values.size() > most_in_legend) return legend;
  for (uint16_t value : values) {
    if (value == 0) continue;
    std::string name = "label " + std::to_string(value);
    for (const auto& [number, given] : names)
      if (number == value) name = given;
    legend.push_back({name, label_color(value)});
  }
  return legend;
}

Image draw_montage(const std::vector<MontageTile>& tiles, const std::vector<MontageLabels>& labels, const std::vector<std::pair<int64_t, std::string>>& names,
                   const MontageOptions& options) {
  auto first = std::find_if(tiles.begin(), tiles.end(), [](const MontageTile& tile) { return !tile.slice.pixels.empty(); });
  if (first == tiles.end()) fail_input("a montage needs at least one image");
  const ImageSlice& under = first->slice;
  Sheet sheet;
  sheet.title = options.title, sheet.caption = options.caption, sheet.columns = options.columns, sheet.marks = options.marks;
  for (const MontageTile& tile : tiles) {
    if (tile.slice.pixels.empty()) {
      double scale = pixels_per_mm_for(under.view, options.tile_pixels);
      ImageSlice nothing{under.view, std::vector<float>(under.pixels.size(), 0.12f)};
      sheet.panels.push_back({tile.name, "missing", render(nothing, {0, 1}, scale), {}});
      continue;
    }
    double scale = pixels_per_mm_for(tile.slice.view, options.tile_pixels);
    Window window = percentile_window(tile.slice.pixels, options.window_low, options.window_high);
    sheet.panels.push_back({tile.name, "", render(tile.slice, window, scale), tile.slice.view});
  }
  double scale = pixels_per_mm_for(under.view, options.tile_pixels);
  const Image plain = sheet.panels[size_t(first - tiles.begin())].picture;
  std::vector<const LabelSlice*> slices;
  for (const MontageLabels& map : labels) {
    if (map.slice.view.width != under.view.width || map.slice.view.height != under.view.height)
      fail_input(text(map.name, " has ", map.slice.view.width, " x ", map.slice.view.height, " pixels in this slice, the first image ", under.view.width, " x ", under.view.height));
    Image picture = plain;
    paint_labels(picture, enlarge(map.slice, scale), {0.55, 1});
    sheet.panels.push_back({map.name, map.note.empty() ? "over " + first->name : map.note, std::move(picture), under.view});
    slices.push_back(&map.slice);
  }
  sheet.legend = label_legend(slices, names);
  return draw_sheet(sheet);
}

}  // namespace tomograd
