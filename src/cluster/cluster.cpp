#include "cluster/cluster.h"

#include <algorithm>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {

constexpr const char* submission_format = "tomograd.submission/1";

bool Submission::has(int64_t element) const {
  return element >= 0 && element < elements && (only.empty() || std::binary_search(only.begin(), only.end(), element));
}

const JobChunk& Submission::chunk_of(int64_t element) const {
  if (has(element))
    for (const auto& chunk : chunks)
      if (element >= chunk.first && element < chunk.first + chunk.count) return chunk;
  fail_input(text("'", name, "' has no element ", element, " to run; it has ", elements, only.empty() ? "" : text(", of which ", only.size(), " were sent")));
}

std::vector<std::string> Submission::ids() const {
  std::vector<std::string> result;
  for (const auto& chunk : chunks) {
    if (chunk.id.empty()) fail_failure(text("elements ", chunk.first, " to ", chunk.first + chunk.count - 1, " of '", name, "' were not accepted yet"), "submit the job again; what was accepted is not sent twice");
    result.push_back(chunk.id);
  }
  return result;
}

void save_submission(Env& env, const std::string& path, const Submission& submission) {
  Value root = Value::table();
  root["format"] = submission_format;
  root["uuid"] = submission.uuid, root["name"] = submission.name;
  root["elements"] = submission.elements, root["created_unix_seconds"] = submission.created_unix_seconds;
  if (!submission.only.empty()) root["only"] = Value::list_of(submission.only);
  Value::List chunks;
  for (const auto& chunk : submission.chunks) {
    Value entry = Value::table();
    entry["index"] = chunk.index, entry["first"] = chunk.first, entry["count"] = chunk.count, entry["id"] = chunk.id;
    chunks.push_back(std::move(entry));
  }
  root["chunks"] = Value(std::move(chunks));
  publish_text(env, path, to_json(root) + "\n");
}

Submission load_submission(Env& env, const std::string& path) {
  return with_context("reading '" + path + "'", [&] {
    Value root = parse_json(read_text(env, path), path);
    if (const Value* format = root.find("format"); !format || !format->is_text() || format->as_text() != submission_format) fail_input(text("its format is not ", submission_format));
    Submission result;
    result.uuid = root.at("uuid").as_text(), result.name = root.at("name").as_text();
    result.elements = root.at("elements").as_integer(), result.created_unix_seconds = root.at("created_unix_seconds").as_integer();
    if (result.elements < 1 || result.elements > most_elements) fail_input(text("it has ", result.elements, " elements; 1 to ", most_elements, " are right"));
    if (const Value* only = root.find("only"))
      for (const auto& element : only->as_list()) {
        int64_t number = element.as_integer();
        if (number < 0 || number >= result.elements || (!result.only.empty() && number <= result.only.back())) fail_input(text("element ", number, " to run is not in ascending order within 0..", result.elements - 1));
        result.only.push_back(number);
      }
    int64_t next = 0;
    for (const auto& entry : root.at("chunks").as_list()) {
      JobChunk chunk{entry.at("index").as_integer(), entry.at("first").as_integer(), entry.at("count").as_integer(), entry.at("id").as_text()};
      if (chunk.first < next || chunk.count < 1 || chunk.count > result.elements || chunk.first > result.elements - chunk.count) fail_input(text("chunk ", chunk.index, " holds elements ", chunk.first, " + ", chunk.count, ", which is not within ", next, "..", result.elements, " in ascending order"));
      next = chunk.first + chunk.count;
      result.chunks.push_back(std::move(chunk));
    }
    return result;
  });
}

int64_t ElementStates::count(JobState state) const { return std::count(of.begin(), of.end(), state); }

bool ElementStates::all_ended(const Submission& submission) const {
  if (!submission.only.empty()) return std::all_of(submission.only.begin(), submission.only.end(), [&](int64_t element) { return has_ended(of.at(size_t(element))); });
  return std::all_of(of.begin(), of.end(), has_ended);
}

ElementStates watch(Cluster& cluster, const Submission& submission, Clock& clock, double poll_seconds, const std::stop_token& stop, const std::function<bool(const ElementStates&)>& look) {
  for (;;) {
    ElementStates states = cluster.states(submission);
    if ((look && !look(states)) || states.all_ended(submission) || stop.stop_requested()) return states;
    clock.sleep_seconds(poll_seconds);
  }
}

}  // namespace tomograd
