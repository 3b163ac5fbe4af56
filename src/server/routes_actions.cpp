// What changes experiments. What the store itself can do is done here; what takes the rest of the program (planning trials, workers) is
// asked of `tomograd` as a process, so that there is one way to do it and nothing that computes lives in this server.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "server/experiment_values.h"
#include "server/page_routes.h"
#include "spec/error_value.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr double ask_seconds = 120, assumed_hours = 4;

ServerAnswer experiment_answer(PageParts& parts, const Call& call) {
  Value v = experiment_of(parts, call)->summary();
  return json_answer(v);
}

// The answer of a process; its own error is ours.
Value asked(PageParts& parts, const std::vector<std::string>& arguments) {
  std::vector<std::string> all = arguments;
  all.push_back("--json");
  ProgramAnswer answer = parts.runs.ask(all, ask_seconds);
  Value v;
  try {
    v = parse_json(answer.output, "answer");
  } catch (const Error&) {
    fail_failure(text("tomograd ", arguments[0], " ended with exit code ", answer.exit_code, " and no answer"));
  }
  const Value* error = v.find("error");
  if (!error) return v;
  const Error told = error_from(*error);
  const bool input = told.kind() == ErrorKind::input || told.kind() == ErrorKind::usage;
  Error ours(input ? ErrorKind::input : told.kind() == ErrorKind::conflict ? ErrorKind::conflict : ErrorKind::failure, told.message(), told.hint());
  for (const auto& context : told.context()) ours.add_context(context);
  throw ours;
}

std::string plain_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
  if (!good) fail_input("the name is '" + name + "'", "letters, digits, '-', '_' and '.', at most 100 of them");
  return name.ends_with(".toml") ? name.substr(0, name.size() - 5) : name;
}

// A name for people as the name of a file that nobody sees.
std::string file_stem(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') c = '-';
  return name.empty() ? "experiment" : name.substr(0, 100);
}

size_t root_given(PageParts& parts, const Call& call) { return size_t(call.field("root", 0, 0, int64_t(parts.roots.count()) - 1)); }

// What is read and written must lie where the page can see it.
void check_below(const std::string& path, const char* what) {
  bool up = path.starts_with("/");
  for (const auto& part : std::filesystem::path(path)) up |= part == "..";
  if (up) fail_input(text(what, " is '", path, "', which leads out of the folder that the experiment would lie in"), "a path below it");
}

struct GivenSpec {
  Value table;
  ExperimentSpec spec;
};

GivenSpec given_spec(const Call& call) {
  GivenSpec given;
  const std::string toml = call.field("toml");
  if (toml.empty()) fail_input("there is no spec", "\"toml\": the text of an experiment spec");
  given.table = parse_toml(toml, "the spec");
  given.spec = spec_from<ExperimentSpec>(given.table);
  check_below(given.spec.out, "out");
  return given;
}

ServerAnswer new_experiment(PageParts& parts, const Call& call) {
  call.check_body({"toml", "root", "name", "workers", "start", "terms"});
  std::vector<std::string> options;
  if (const Value* terms = call.body.find("terms"); terms && !terms->is_nothing()) options = with_context("terms", [&] { return options_of(spec_from<RunTerms>(*terms)); });
  const size_t root = root_given(parts, call);
  const GivenSpec given = given_spec(call);
  const std::string name = plain_name(call.field("name", given.spec.name)), file = name + ".toml";
  const int64_t workers = call.field("workers", 0, 0, 1024);
  parts.roots.create(root, file, call.field("toml"));
  Value v = Value::table();
  // An id is a hash of a place, so it is known before there is anything.
  const std::string id = parts.roots.id_of(absolute_path(join_path(parts.roots.folder(root), given.spec.out.empty() ? name : given.spec.out)));
  v["spec"] = file, v["experiment"] = id, v["job"] = Value();
  const Value* start = call.body.find("start");
  if (!start || start->is_nothing() || start->as_bool()) {
    const std::string path = join_path(parts.roots.folder(root), file);
    std::vector<std::string> arguments{"experiment", "run", path};
    if (workers > 0) arguments.insert(arguments.end(), {"--workers", std::to_string(workers)});
    arguments.insert(arguments.end(), options.begin(), options.end());
    v["job"] = parts.runs.start("run", id, name, path, arguments);
    parts.experiments.look_again();
  }
  return json_answer(v, 201);
}

// Where relative paths of the spec would lie, from wherever it is read.
void make_absolute(Value& table, const std::string& base) {
  auto absolute = [&](Value& of, const char* key) {
    if (const Value* path = of.find(key); path && path->is_text() && !path->as_text().empty()) of[key] = join_path(base, path->as_text());
  };
  absolute(table, "data"), absolute(table, "run");
  if (const Value* run = table.find("run"); run && run->is_table()) absolute(table["run"], "data");
}

bool says_seconds(const Value& table) {
  const Value* run = table.find("run");
  const Value* seconds = run ? run->find("max_seconds") : nullptr;
  return seconds && seconds->is_number() && seconds->as_number() > 0;
}

ServerAnswer plan(PageParts& parts, const Call& call) {
  call.check_body({"toml", "root", "name", "hours_per_trial", "count", "deadline", "budget", "types", "market"});
  const size_t root = root_given(parts, call);
  GivenSpec given = given_spec(call);
  make_absolute(given.table, parts.roots.folder(root));
  ScratchFolder folder("a plan");
  const std::string name = file_stem(given.spec.name), path = join_path(folder.path(), name + ".toml");
  publish_text(system_env(), path, to_toml(given.table));
  std::vector<std::string> arguments{"plan", path};
  auto add = [&](const char* key, const char* option) {
    const Value* value = call.body.find(key);
    if (!value || value->is_nothing()) return;
    arguments.push_back(text(option, "=", value->is_text() ? value->as_text() : with_context(key, [&] { return number_text(value->as_number()); })));
  };
  add("hours_per_trial", "--hours-per-trial");
  if (arguments.size() == 2 && !says_seconds(given.table)) arguments.push_back(text("--hours-per-trial=", assumed_hours));
  if (int64_t count = call.field("count", 0, 1, 100'000); count > 0) arguments.push_back(text("--count=", count));
  add("deadline", "--deadline"), add("budget", "--budget"), add("market", "--market");
  if (const Value* types = call.body.find("types"); types && !types->is_nothing())
    for (const Value& type : types->as_list()) arguments.push_back("--type=" + type.as_text());
  if (!parts.options.catalogue.empty()) arguments.push_back("--catalogue=" + parts.options.catalogue);
  std::string answer = to_json(asked(parts, arguments), false);
  for (size_t at; (at = answer.find(folder.path() + "/")) != std::string::npos;) answer.erase(at, folder.path().size() + 1);
  return {200, parts.roots.masked(answer)};
}

Value start_again(PageParts& parts, const Call& call, const char* kind, std::vector<std::string> arguments) {
  auto experiment = experiment_of(parts, call);
  if (int64_t workers = call.field("workers", 0, 0, 1024); workers > 0) arguments.insert(arguments.end(), {"--workers", std::to_string(workers)});
  arguments.insert(arguments.begin(), {"experiment", kind, experiment->folder()});
  // Where it ran last, at the same price and under the same cap, in the same hours.
  if (auto terms = read_run_terms(parts.roots.env(), experiment->folder()))
    for (auto& option : options_of(*terms)) arguments.push_back(std::move(option));
  const Value state = experiment->summary();
  if (state.at("state") == Value("running")) fail(ErrorKind::conflict, "it is being run already", "stop it first, or wait for its end");
  Value v = Value::table();
  v["job"] = parts.runs.start(kind, experiment->id(), state.at("name").as_text(), experiment->folder(), arguments);
  return v;
}

ServerAnswer retry(PageParts& parts, const Call& call) {
  call.check_body({"trials", "workers"});
  std::string list;
  if (const Value* trials = call.body.find("trials"); trials && !trials->is_nothing())
    for (const Value& number : trials->as_list()) list += (list.empty() ? "" : ",") + std::to_string(number.as_integer());
  std::vector<std::string> arguments;
  if (!list.empty()) arguments = {"--trials", list};
  return json_answer(start_again(parts, call, "retry", std::move(arguments)), 202);
}

// Nobody proposes or takes a trial once a stop is asked for; those that wait or run are then ended. One that is over by the time we name it is
// looked for again, a few times: others end while this is going on.
ServerAnswer cancel(PageParts& parts, const Call& call) {
  call.check_body({});
  auto experiment = experiment_of(parts, call);
  auto store = experiment->store();
  store->request_stop();
  for (int times = 0;; ++times) {
    std::vector<int64_t> open;
    for (const auto& trial : store->trials())
      if (!is_over(trial.state)) open.push_back(trial.number);
    if (open.empty()) break;
    try {
      store->cancel(open);
      break;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage || times == 5) throw;
    }
  }
  return experiment_answer(parts, call);
}

ServerAnswer extend(PageParts& parts, const Call& call) {
  call.check_body({"trials", "seeds"});
  auto experiment = experiment_of(parts, call);
  std::vector<std::string> arguments{"experiment", "extend", experiment->folder()};
  for (const char* key : {"trials", "seeds"})
    if (int64_t limit = call.field(key, 0, 1, 1'000'000); limit > 0) arguments.insert(arguments.end(), {std::string("--") + key, std::to_string(limit)});
  return json_answer(asked(parts, arguments));
}

ServerAnswer fork_of(PageParts& parts, const Call& call) {
  call.check_body({"name", "settings"});
  auto experiment = experiment_of(parts, call);
  const std::string path = join_path(parts.roots.folder(*parts.roots.root_of(experiment->folder())), plain_name(call.field("name")) + ".toml");
  std::vector<std::string> arguments{"experiment", "fork", experiment->folder(), path};
  if (const Value* settings = call.body.find("settings"); settings && !settings->is_nothing())
    for (const Value& setting : settings->as_list()) {
      for (const char* place : {"out=", "data=", "run.data="})
        if (setting.as_text().starts_with(place)) check_below(setting.as_text().substr(std::string(place).size()), "a path in the settings");
      arguments.insert(arguments.end(), {"--set", setting.as_text()});
    }
  Value v = asked(parts, arguments);
  parts.experiments.look_again();
  return json_answer(v, 201);
}

ServerAnswer note(PageParts& parts, const Call& call) {
  call.check_body({"trial", "text"});
  auto experiment = experiment_of(parts, call);
  const std::string words = call.field("text");
  if (words.empty() || words.size() > 4000) fail_input("a note has 1 to 4000 letters");
  experiment->store()->note(call.field("trial", 0, 0, int64_t{1} << 40), words);
  Value v = Value::table();
  v["notes"] = notes_value(experiment->view()->events);
  return json_answer(v);
}

}  // namespace

void add_action_routes(RouteTable& table, PageParts& parts) {
  const std::string one = "/api/experiments/{id}";
  auto post = [&](const std::string& path, const char* sentence, ServerAnswer (*handler)(PageParts&, const Call&), bool changes = true) {
    table.add({"POST", path, sentence, {}, changes, [&parts, handler](const Call& call) { return handler(parts, call); }});
  };
  post("/api/experiments", "Write the spec of a new experiment and start it", new_experiment);
  post("/api/experiments/plan", "What an experiment would take, as `tomograd plan`", plan, false);
  table.add({"POST", one + "/stop", "Ask a running experiment to stop; running trials save their state", {}, true, [&parts](const Call& call) {
               call.check_body({});
               experiment_of(parts, call)->store()->request_stop();
               return experiment_answer(parts, call);
             }});
  table.add({"POST", one + "/resume", "Go on with an experiment; failed trials are tried again", {}, true, [&parts](const Call& call) {
               call.check_body({"workers"});
               return json_answer(start_again(parts, call, "resume", {}), 202);
             }});
  post(one + "/cancel", "Stop for good: trials that are not over are cancelled", cancel);
  post(one + "/retry", "Try failed trials again, with all their attempts", retry);
  post(one + "/extend", "Raise a limit: more trials of a search, more seeds of the others", extend);
  post(one + "/fork", "Another experiment from this one, with changes", fork_of);
  post(one + "/note", "Write a note beside the experiment or one of its trials", note);
  table.add({"GET", "/api/jobs", "What this server has started", {}, false, [&parts](const Call&) {
               Value v = Value::table();
               v["jobs"] = Value(parts.runs.jobs());
               return json_answer(v);
             }});
}

}  // namespace tomograd
