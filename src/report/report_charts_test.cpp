// Every chart of large reports with long names: no text leaves the picture or lies on another text.
#include "report/report_charts.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "pictures/font.h"
#include "report/hand_made.h"
#include "report/report_text.h"

namespace tomograd {
namespace {

struct Box {
  std::string text;
  double left, right, top, bottom;
};

double attribute(const std::string& element, const std::string& name) {
  size_t at = element.find(" " + name + "=\"");
  return at == std::string::npos ? 0 : std::strtod(element.c_str() + at + name.size() + 3, nullptr);
}

// The texts of one of our SVGs, as large as our own font draws them.
std::vector<Box> texts_of(const std::string& svg) {
  std::vector<Box> boxes;
  for (size_t at = svg.find("<text "); at != std::string::npos; at = svg.find("<text ", at + 1)) {
    size_t open = svg.find('>', at), close = svg.find("</text>", open);
    std::string element = svg.substr(at, open - at), said = svg.substr(open + 1, close - open - 1);
    for (const auto& [escape, sign] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""}})
      for (size_t found; (found = said.find(escape)) != std::string::npos;) said.replace(found, std::string(escape).size(), sign);
    double x = attribute(element, "x"), y = attribute(element, "y"), size = attribute(element, "font-size"), width = text_width(said, size);
    EXPECT_NEAR(attribute(element, "textLength"), width, 0.006) << said;  // a browser's font is as wide
    double before = element.find("middle") != std::string::npos ? width / 2 : element.find("\"end\"") != std::string::npos ? width : 0;
    if (element.find("rotate") == std::string::npos) boxes.push_back({said, x - before, x - before + width, y - 0.7 * size, y});
    else boxes.push_back({said, x - 0.7 * size, x, y + before - width, y + before});
  }
  return boxes;
}

// Names of texts that touch another or the rim; a point of overlap is forgiven.
std::string collisions(const ReportChart& chart) {
  std::string found;
  std::string head = chart.svg.substr(0, chart.svg.find('>'));
  double width = attribute(head, "width"), height = attribute(head, "height");
  std::vector<Box> boxes = texts_of(chart.svg);
  for (size_t i = 0; i < boxes.size(); ++i) {
    const Box& a = boxes[i];
    if (a.left < 0 || a.right > width || a.top < 0 || a.bottom > height) found += text("'", a.text, "' leaves ", chart.file, " (", a.left, " to ", a.right, " of ", width, ", ", a.top, " to ", a.bottom, " of ", height, ")\n");
    for (size_t k = i + 1; k < boxes.size(); ++k) {
      const Box& b = boxes[k];
      if (std::min(a.right, b.right) - std::max(a.left, b.left) > 1 && std::min(a.bottom, b.bottom) - std::max(a.top, b.top) > 1) found += text("'", a.text, "' lies on '", b.text, "' in ", chart.file, "\n");
    }
  }
  return found;
}

std::set<std::string> check(const Made& made, size_t workers, double kills) {
  ReportData report = make_report(made.record, made.trials, {.events = work_on(made.trials, workers, kills), .curves = made_curves(made.trials), .models = true});
  std::set<std::string> files;
  for (const auto& chart : report_charts(report)) {
    EXPECT_EQ(collisions(chart), "");
    EXPECT_FALSE(texts_of(chart.svg).empty()) << chart.file;
    EXPECT_GT(chart.png.size(), 1000u) << chart.file;
    EXPECT_TRUE(files.insert(chart.file).second) << chart.file << " twice";
  }
  return files;
}

TEST(ReportCharts, ACohortOfSevenChannels) {
  auto files = check(cohort(12, false), 4, 0.05);
  for (const char* file : {"grouped_trials", "mean_outcome", "paired_change", "change_matrix", "class_changes", "paired_change_GTV-Ln", "curves_loss", "curves_validation_dice", "timeline"}) EXPECT_TRUE(files.contains(file)) << file;
}

TEST(ReportCharts, ChannelDropoutBesideLeaveOneOutAndAlone) {
  for (bool long_names : {false, true}) {
    EXPECT_TRUE(check(with_dropout(cohort(12, long_names), cohort(11, long_names), false), 4, 0.05).contains("dropout_agreement"));
    auto alone = check(with_dropout(cohort(12, long_names), cohort(12, long_names), true), 4, 0.05);
    EXPECT_TRUE(alone.contains("paired_change") && alone.contains("class_changes"));
    EXPECT_FALSE(alone.contains("dropout_agreement"));
  }
}

TEST(ReportCharts, LongNamesOfChannelsAndPatients) { check(cohort(36, true), 12, 0.2); }

TEST(ReportCharts, SearchesOfAnySize) {
  auto files = check(random_search(30, false), 3, 0.1);
  for (const char* file : {"progress", "configurations", "slices", "parallel_coordinates", "importance", "contour", "surface", "timeline"}) EXPECT_TRUE(files.contains(file)) << file;
  EXPECT_TRUE(check(random_search(3, false), 1, 0).contains("plane"));
  check(random_search(288, true), 30, 0.3);
}

// One variable alone, one trial alone, and no result at all.
TEST(ReportCharts, SmallSearches) {
  Made made = random_search(9, false);
  ExperimentSpec spec = spec_from<ExperimentSpec>(made.record.spec);
  spec.variable.resize(1);
  made.record.spec = spec_to_value(spec);
  EXPECT_FALSE(check(made, 2, 0).contains("parallel_coordinates"));
  made.trials.resize(1);
  EXPECT_TRUE(check(made, 1, 0).contains("progress"));
  made.trials[0].state = TrialState::waiting, made.trials[0].metrics = Value();
  EXPECT_FALSE(check(made, 1, 0).contains("progress"));
}

TEST(Search, TheVariablesThatMatterAreFound) {
  Made made = random_search(120, false);
  ReportData report = make_report(made.record, made.trials, {.models = true});
  ASSERT_TRUE(report.importance.has_value());
  EXPECT_EQ(report.importance->points, 120 - 9);   // trials 5, 18, ... 109 have failed
  EXPECT_GT(report.importance->variables[0].mean, 0.4);
  for (size_t v : {1u, 4u}) EXPECT_LT(report.importance->variables[v].high, 0.1) << report.axes[v].key;
  EXPECT_GT(report.importance->explained, 0.5);
  EXPECT_NE(report_text(report).find("optimizer.learning_rate"), std::string::npos);
  ASSERT_FALSE(report.points.empty());
  double best = -1;
  for (const auto& point : report.points) {
    best = std::max(best, point.metric);
    EXPECT_EQ(point.best_so_far, best);
  }
  EXPECT_EQ(report.points.back().best_so_far, report.configurations[0].metric.mean);
  Value json = report_value(report);
  EXPECT_EQ(json.at("points").as_list().size(), report.points.size());
  EXPECT_EQ(json.at("importance").at("variables").as_list()[0].at("variable").as_text(), "optimizer.learning_rate");
}

// Seeds make one point of a configuration, with their spread; one that lacks a seed waits.
TEST(Search, RepeatsAreOnePoint) {
  Made made = random_search(10, false);
  size_t n = made.trials.size();
  for (size_t i = 0; i < n; ++i) {
    TrialRecord again = made.trials[i];
    again.number += int64_t(n), again.settings["seed"] = 2;
    if (i == 1) again.state = TrialState::running, again.metrics = Value();
    else if (again.state == TrialState::complete) again.metrics["dice"] = again.metrics.at("dice").as_number() + 0.02;
    made.trials.push_back(again);
  }
  ReportData report = make_report(made.record, made.trials);
  ASSERT_EQ(report.points.size(), 8u);             // trial 2 waits, trial 5 has failed
  EXPECT_EQ(report.points[0].trials, 2);
  EXPECT_NEAR(report.points[0].metric, made.trials[0].metrics.at("dice").as_number() + 0.01, 1e-14);
  EXPECT_NEAR(report.points[0].deviation, 0.02 / std::sqrt(2), 1e-14);
  EXPECT_EQ(check(made, 3, 0).count("progress"), 1u);
}

// The true function has its highest place at 10^-2.7 = 0.002; a cell is 1/32 of four powers of ten.
TEST(Search, TheResponseHasItsPeakWhereTheFunctionHas) {
  Made made = random_search(60, false);
  ReportData report = make_report(made.record, made.trials, {.models = true});
  ASSERT_TRUE(report.response.has_value());
  const Response& r = *report.response;
  ASSERT_EQ(r.x, 0u);
  ASSERT_EQ(r.y, 3u);
  size_t best = size_t(std::max_element(r.mean.begin(), r.mean.end()) - r.mean.begin());
  double exponent = -5 + 4 * (double(best % size_t(r.columns)) + 0.5) / double(r.columns);
  EXPECT_NEAR(exponent, -2.7, 3 * 4.0 / 32);
  EXPECT_NEAR(r.noise, 0.01, 0.01) << "noise of the trials";
  for (double deviation : r.deviation) EXPECT_TRUE(deviation >= 0 && deviation < 0.1);
}

TEST(Search, FewTrialsHaveNoImportance) {
  Made made = random_search(8, false);              // trial 5 has failed
  EXPECT_FALSE(make_report(made.record, made.trials, {.models = true}).importance.has_value());
}

TEST(Search, ASweepHasARowPerValue) {
  Made made = random_search(60, false);
  ReportData report = make_report(made.record, made.trials);
  EXPECT_EQ(report.values.size(), 5u + 5 + 3 + 5 + 4);  // a sweep has `count` values of each range
  int64_t complete = 0;
  for (const auto& value : report.values) complete += value.variable == "model.kind" ? value.complete : 0;
  EXPECT_EQ(complete, int64_t(report.points.size()));
}

}  // namespace
}  // namespace tomograd
