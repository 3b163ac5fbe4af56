// The figures that `tomograd experiment report` writes, made of the store as it is now: no folder of a report needs to be there, and no file that
// somebody else wrote is sent on. They are pictures for <img>; the policy under which everything but the page is sent lets no script of theirs run.
#include "base/error.h"
#include "report/report_charts.h"
#include "server/page_routes.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// Paths that trials and spec name are shown as everywhere else, before they become words in a drawing.
ExperimentView without_places(PageParts& parts, const ExperimentView& view) {
  ExperimentView shown = view;
  shown.record.spec = parts.roots.shown(shown.record.spec);
  for (auto& trial : shown.trials) trial.settings = parts.roots.shown(trial.settings);
  return shown;
}

// name, title, caption and svg of each, once per version of the store.
Value::List figures_of(PageParts& parts, ServedExperiment& experiment, const ExperimentView& view) {
  return parse_json(experiment.kept("figures", view.version, [&] {
           Value::List list;
           for (auto& chart : report_charts(whole_report(parts, experiment, without_places(parts, view)))) {
             Value item = Value::table();
             item["name"] = chart.file, item["title"] = chart.title, item["caption"] = chart.caption, item["svg"] = parts.roots.masked(std::move(chart.svg));
             list.push_back(std::move(item));
           }
           return to_json(Value(std::move(list)), false);
         }), "figures").as_list();
}

std::string figure_list(PageParts& parts, ServedExperiment& experiment, const ExperimentView& view) {
  Value v = Value::table();
  Value::List list;
  for (const Value& figure : figures_of(parts, experiment, view)) {
    Value item = Value::table();
    for (const char* key : {"name", "title", "caption"}) item[key] = figure.at(key);
    list.push_back(std::move(item));
  }
  v["format"] = "tomograd.figures/1", v["version"] = view.version, v["figures"] = std::move(list);
  return to_json(v, false);
}

std::string figure_svg(PageParts& parts, ServedExperiment& experiment, const ExperimentView& view, const std::string& name) {
  for (const Value& figure : figures_of(parts, experiment, view))
    if (figure.at("name") == Value(name)) return figure.at("svg").as_text();
  throw NotThere{"there is no such figure of this experiment"};
}

}  // namespace

void add_report_routes(RouteTable& table, PageParts& parts) {
  const std::string figures = "/api/experiments/{id}/figures";
  table.add({"GET", figures, "The figures of the report: names, titles and captions", {}, false, [&parts](const Call& call) {
               auto experiment = experiment_of(parts, call);
               auto view = experiment->view();
               return versioned(call, view->version, [&] { return figure_list(parts, *experiment, *view); });
             }});
  table.add({"GET", figures + "/{name}", "One figure of the report, as `tomograd experiment report` draws it", {}, false, [&parts](const Call& call) {
               auto experiment = experiment_of(parts, call);
               auto view = experiment->view();
               return versioned(call, view->version, [&] { return figure_svg(parts, *experiment, *view, call.place("name")); }, "image/svg+xml");
             }, "image/svg+xml"});
}

}  // namespace tomograd
