// What there is to see of experiments. What changes them is in routes_actions.cpp.
#include <algorithm>

#include "base/error.h"
#include "experiments/command_trial.h"
#include "report/report_text.h"
#include "server/experiment_values.h"
#include "server/page_routes.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int64_t most_curve_bytes = int64_t{64} << 20;
constexpr size_t most_curve_trials = 64, most_report_curves = 200;

std::string trial_place(const ServedExperiment& experiment, int64_t number) { return trial_folder(join_path(experiment.folder(), "trials"), number); }

Value phantom_fact(const ExperimentView& view) {
  const Value* phantom = view.record.facts.find("phantom");
  return phantom ? *phantom : Value();
}

std::string text_below(PageParts& parts, const std::string& path) {
  Env& env = parts.roots.env();
  return env.kind(path) == FileKind::file && env.file_size(path) <= most_curve_bytes ? read_text(env, path, most_curve_bytes) : "";
}

std::vector<Curve> curves_of_trial(PageParts& parts, const ServedExperiment& experiment, const TrialRecord& trial, size_t points) {
  const int64_t folder = begun_as(trial.number, trial.design);       // rungs of halving go on in one folder
  auto curves = read_curves(trial.number, text_below(parts, join_path(trial_place(experiment, folder), "metrics.jsonl")), points);
  return curves;
}

// Clock times are in a file of their own, as another run has others: cut into the same parts they belong to the same points.
Curve times_of_trial(PageParts& parts, const ServedExperiment& experiment, const TrialRecord& trial, size_t points) {
  const int64_t folder = begun_as(trial.number, trial.design);
  for (auto& curve : read_curves(trial.number, text_below(parts, join_path(trial_place(experiment, folder), "timing.jsonl")), points))
    if (curve.name == "seconds") return std::move(curve);
  return {};
}

// Seconds at the steps of a curve, by straight lines; seconds count anew after each resume, so a smaller value than the one before begins
// another stretch.
void add_times(Value& item, const Curve& curve, const Curve& times) {
  Value::List seconds, resumed;
  for (size_t i = 1; i < times.steps.size(); ++i)
    if (times.values[i] < times.values[i - 1]) resumed.emplace_back(times.steps[i]);
  if (!times.steps.empty())
    for (double step : curve.steps) {
      size_t after = size_t(std::lower_bound(times.steps.begin(), times.steps.end(), step) - times.steps.begin());
      if (after == 0 || after == times.steps.size()) {
        seconds.emplace_back(after == 0 ? times.values.front() : times.values.back());
        continue;
      }
      double share = (step - times.steps[after - 1]) / (times.steps[after] - times.steps[after - 1]);
      seconds.emplace_back(times.values[after - 1] + share * (times.values[after] - times.values[after - 1]));
    }
  item["seconds"] = std::move(seconds), item["resumed_at"] = std::move(resumed);
}

ServerAnswer curves_answer(PageParts& parts, const Call& call) {
  auto experiment = experiment_of(parts, call);
  auto view = experiment->view();
  const size_t points = size_t(call.integer("points", 400, 2, 2000));
  std::vector<int64_t> wanted;
  std::string list = call.words("trials");
  for (size_t begin = 0; begin < list.size();) {
    size_t end = std::min(list.find(',', begin), list.size());
    std::string number = list.substr(begin, end - begin);
    if (number.empty() || number.size() > 12 || number.find_first_not_of("0123456789") != std::string::npos) fail_usage("trials is '" + list + "', expected numbers: 1,2,3");
    wanted.push_back(std::stoll(number)), begin = end + 1;
  }
  if (wanted.size() > most_curve_trials) fail_usage(text("curves of ", wanted.size(), " trials were asked for, at most ", most_curve_trials, " are given at once"));
  Value::List curves;
  for (int64_t number : wanted) {
    auto trial = std::find_if(view->trials.begin(), view->trials.end(), [&](const TrialRecord& one) { return one.number == number; });
    if (trial == view->trials.end()) throw NotThere{text("there is no trial ", number)};
    const Curve times = times_of_trial(parts, *experiment, *trial, 2000);
    for (const auto& curve : curves_of_trial(parts, *experiment, *trial, points)) {
      Value item = Value::table();
      item["trial"] = curve.trial, item["name"] = curve.name, item["steps"] = Value::list_of(curve.steps), item["values"] = Value::list_of(curve.values);
      add_times(item, curve, times);
      curves.push_back(std::move(item));
    }
  }
  Value v = Value::table();
  v["format"] = "tomograd.curves/1", v["curves"] = std::move(curves);
  return json_answer(v);
}

std::vector<Curve> report_curves(PageParts& parts, const ServedExperiment& experiment, const ExperimentView& view) {
  std::vector<Curve> curves;
  const size_t every = (view.trials.size() + most_report_curves - 1) / most_report_curves;
  for (size_t i = 0; i < view.trials.size(); i += every)
    if (begun_as(view.trials[i].number, view.trials[i].design) == view.trials[i].number)
      for (auto& curve : curves_of_trial(parts, experiment, view.trials[i], 120)) curves.push_back(std::move(curve));
  return curves;
}

ReportData light_report(const ExperimentView& view, bool models) { return make_report(view.record, view.trials, {.phantom = phantom_fact(view), .models = models}); }

std::string report_json(PageParts& parts, const ServedExperiment& experiment, const ExperimentView& view) {
  Value v = Value::table(), report = parts.roots.shown(report_value(whole_report(parts, experiment, view)));
  v["format"] = "tomograd.report/1";
  for (auto& [key, value] : report.as_table()) v[key] = std::move(value);
  return to_json(v, false);
}

// The two variables that were asked for, instead of those that matter most.
void choose_response(ReportData& report, const std::string& x, const std::string& y) {
  auto axis = [&](const std::string& key) {
    auto found = std::find_if(report.axes.begin(), report.axes.end(), [&](const VariableAxis& one) { return one.key == key; });
    if (found == report.axes.end()) fail_usage("'" + key + "' is no variable of this experiment");
    return size_t(found - report.axes.begin());
  };
  const size_t first = axis(x), second = axis(y);
  if (first == second) fail_usage("x and y are both '" + x + "'");
  if (int64_t(report.points.size()) < least_points_for_response) return;
  ImportancePoints points;
  for (const auto& one : report.axes) points.values.push_back(int64_t(one.values.size()));
  std::vector<double> others;
  for (const auto& point : report.points) {
    points.at.push_back(point.at), points.metric.push_back(point.first_rung);
    if (point.trial == report.best_trial) others = point.at;
  }
  report.response = response(points, first, second, others);
}

Value predictions_of(PageParts& parts, const ServedExperiment& experiment, const ExperimentView& view, const TrialRecord& trial) {
  Env& env = parts.roots.env();
  const std::string folder = join_path(trial_place(experiment, trial.number), "predictions");
  const Value* data = view.record.facts.find("data");
  const std::string dataset = data && data->is_text() && parts.roots.look(data->as_text()).kind == FileKind::file ? data->as_text() : "";
  Value::List list;
  if (env.kind(folder) != FileKind::directory) return list;
  for (const auto& name : env.list(folder)) {
    if (!name.ends_with(".nii.gz") && !name.ends_with(".zarr")) continue;
    Value item = Value::table();
    const std::string id = name.substr(0, name.size() - (name.ends_with(".zarr") ? 5 : 7));
    item["case"] = id, item["volume"] = parts.data.id_of(join_path(folder, name)), item["dataset"] = dataset.empty() ? Value() : Value(parts.data.id_of(dataset)), item["index"] = -1;
    if (!dataset.empty()) {
      const auto cases = parts.data.dataset(dataset);
      for (size_t i = 0; i < cases->cases.size(); ++i)
        if (cases->cases[i].id == id) item["index"] = int64_t(i);
    }
    list.push_back(std::move(item));
  }
  return list;
}

ServerAnswer one_trial(PageParts& parts, const Call& call) {
  auto experiment = experiment_of(parts, call);
  auto view = experiment->view();
  const int64_t number = call.place_number("number");
  for (const auto& trial : view->trials) {
    if (trial.number != number) continue;
    Value v = trial_details(*view, trial);
    for (const char* key : {"settings", "design", "metrics"}) v[key] = parts.roots.shown(v[key]);
    v["predictions"] = predictions_of(parts, *experiment, *view, trial), v["folder"] = parts.roots.relative(trial_place(*experiment, number));
    return json_answer(v);
  }
  throw NotThere{text("there is no trial ", number)};
}

Value whole_experiment(PageParts& parts, ServedExperiment& experiment) {
  auto view = experiment.view();
  Value v = Value::table(), summary = experiment.summary();
  v["format"] = "tomograd.experiment_state/1";
  for (auto& [key, value] : summary.as_table()) v[key] = std::move(value);
  add_details(v, *view);
  for (const char* key : {"spec", "facts", "variables"}) v[key] = parts.roots.shown(v[key]);
  const Value* data = view->record.facts.find("data");
  std::string id = data && data->is_text() ? parts.data.id_of(data->as_text()) : "";
  v["dataset"] = id.empty() ? Value() : Value(id), v["jobs"] = Value(parts.runs.jobs_of(experiment.id()));
  std::vector<std::string> names;
  for (const auto& trial : view->trials) {       // those of the first that has any
    if (trial.attempts == 0) continue;
    for (const auto& curve : curves_of_trial(parts, experiment, trial, 2)) names.push_back(curve.name);
    if (!names.empty()) break;
  }
  v["curve_names"] = Value::list_of(names);
  return v;
}

ServerAnswer listed(PageParts& parts) {
  Value::List list;
  for (const auto& one : parts.experiments.all()) list.push_back(one->summary());
  std::stable_sort(list.begin(), list.end(), [](const Value& a, const Value& b) {
    const Value *x = a.find("created_unix_milliseconds"), *y = b.find("created_unix_milliseconds");
    return (x ? x->as_integer() : 0) > (y ? y->as_integer() : 0);
  });
  Value v = Value::table();
  v["format"] = "tomograd.experiments/1", v["experiments"] = std::move(list);
  return json_answer(v);
}

}  // namespace

std::shared_ptr<ServedExperiment> experiment_of(PageParts& parts, const Call& call) {
  auto found = parts.experiments.find(call.place("id"));
  if (!found) throw NotThere{"there is no such experiment"};
  return found;
}

ReportData whole_report(PageParts& parts, const ServedExperiment& experiment, const ExperimentView& view) {
  return make_report(view.record, view.trials, {.phantom = phantom_fact(view), .events = view.events, .curves = report_curves(parts, experiment, view), .now = parts.clock.unix_milliseconds(), .models = true});
}

void add_experiment_routes(RouteTable& table, PageParts& parts) {
  using Make = std::function<std::string(ServedExperiment&, const ExperimentView&, const Call&)>;
  // Of one version of a store, and the same until the next.
  auto of_view = [&parts](Make make) {
    return [&parts, make](const Call& call) {
      auto experiment = experiment_of(parts, call);
      auto view = experiment->view();
      return versioned(call, view->version, [&] { return make(*experiment, *view, call); });
    };
  };
  // The same, when it takes long enough to be kept.
  auto kept = [of_view](const std::string& key, Make make) {
    return of_view([key, make](ServedExperiment& experiment, const ExperimentView& view, const Call& call) {
      std::string all = key;
      for (const auto& [name, value] : call.query) all += "&" + name + "=" + value;
      return experiment.kept(all, view.version, [&] { return make(experiment, view, call); });
    });
  };
  const std::string one = "/api/experiments/{id}";
  table.add({"GET", "/api/experiments", "All experiments below the served folders, newest first", {}, false, [&parts](const Call&) { return listed(parts); }});
  table.add({"GET", one, "One experiment: state, spec, facts, variables, notes", {}, false, [&parts](const Call& call) { return json_answer(whole_experiment(parts, *experiment_of(parts, call))); }});
  table.add({"GET", one + "/spec", "The resolved spec as TOML, and what in it is not as usual", {}, false, of_view([&parts](ServedExperiment&, const ExperimentView& view, const Call&) {
               Value v = Value::table();
               v["format"] = "tomograd.experiment_text/1", v["toml"] = to_toml(parts.roots.shown(view.record.spec)), v["changed"] = parts.roots.shown(changed_fields(view.spec));
               return to_json(v, false);
             })});
  table.add({"GET", one + "/trials", "The table of trials: columns said once, one list per trial", {{"offset", "integer", "trials to skip"}, {"limit", "integer", "most trials; default all"}}, false,
             of_view([](ServedExperiment&, const ExperimentView& view, const Call& call) {
               return to_json(trial_columns(view, call.integer("offset", 0, 0, 1 << 30), call.integer("limit", 1 << 30, 1, 1 << 30)), false);
             })});
  table.add({"GET", one + "/trials/{number}", "One trial with its settings, results, attempts and predictions", {}, false, [&parts](const Call& call) { return one_trial(parts, call); }});
  table.add({"GET", one + "/curves", "Training curves of some trials", {{"trials", "text", "numbers, 1,2,3"}, {"points", "integer", "most points of a curve, 2 to 2000; default 400"}}, false,
             [&parts](const Call& call) { return curves_answer(parts, call); }});
  table.add({"GET", one + "/report", "What `tomograd experiment report` says", {}, false,
             kept("report", [&parts](ServedExperiment& experiment, const ExperimentView& view, const Call&) { return report_json(parts, experiment, view); })});
  table.add({"GET", one + "/leave-one-out", "Channels left out in turn: outcomes, paired differences, matrix", {}, false, kept("loo", [](ServedExperiment&, const ExperimentView& view, const Call&) {
               ReportData report = light_report(view, false);
               if (!report.by_channel) fail_input("its trials do not differ in their channels, so there is nothing left out");
               return to_json(leave_one_out_value(report, view.version), false);
             })});
  table.add({"GET", one + "/bayes", "Trials in the space of the variables: best so far, importance, response", {{"x", "text", "variable of the response"}, {"y", "text", "the other one"}}, false,
             kept("bayes", [](ServedExperiment&, const ExperimentView& view, const Call& call) {
               ReportData report = light_report(view, true);
               if (call.query.contains("x") != call.query.contains("y")) fail_usage("x and y come together");
               if (call.query.contains("x")) choose_response(report, call.words("x"), call.words("y"));
               return to_json(search_value(report, view.version), false);
             })});
  // Of the events, which a heartbeat is not: a model takes longer than anything else here.
  table.add({"GET", one + "/next", "Where a Bayesian search looks next and what its model expects there", {}, false, [&parts](const Call& call) {
               auto experiment = experiment_of(parts, call);
               auto view = experiment->view();
               const std::string version = text("next-", view->events.empty() ? 0 : view->events.back().id);
               return versioned(call, version, [&] { return experiment->kept("next", version, [&] { return to_json(parts.roots.shown(expectations_value(*view)), false); }); });
             }});
  table.add({"GET", one + "/timeline", "Who worked when", {}, false, of_view([](ServedExperiment&, const ExperimentView& view, const Call&) {
               Value v = Value::table(), timeline = timeline_json(view.timeline);
               v["format"] = "tomograd.timeline/1";
               for (auto& [key, value] : timeline.as_table()) v[key] = std::move(value);
               return to_json(v, false);
             })});
  table.add({"GET", one + "/log", "Events of the store, newest first", {{"after", "integer", "only those with a larger id"}, {"limit", "integer", "most events; default 500"}}, false,
             of_view([](ServedExperiment&, const ExperimentView& view, const Call& call) {
               return to_json(event_list(view, call.integer("after", 0, 0, int64_t{1} << 53), call.integer("limit", 500, 1, 100'000)), false);
             })});
}

}  // namespace tomograd
