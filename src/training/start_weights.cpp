#include "training/start_weights.h"

#include <ATen/core/Tensor.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "training/model_file.h"

namespace tomograd {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// "channels T1w, T2w; new: FLAIR; not used: ADC"
std::string said(const char* what, const std::vector<std::string>& taken, const std::vector<std::string>& fresh, const std::vector<std::string>& unused) {
  std::string line = text(what, " ", taken.empty() ? "none" : listed(taken));
  if (!fresh.empty()) line += " (new here: " + listed(fresh) + ")";
  if (!unused.empty()) line += " (not used: " + listed(unused) + ")";
  return line;
}

}  // namespace

StartWeights::StartWeights(Env& env, const std::string& model, const Value* recorded, bool resumed) : env_(env), model_(model.empty() ? "" : absolute_path(model_path(env, model))) {
  if (recorded) record_ = *recorded;
  if (!given() && recorded) model_ = recorded->at("model").as_text();
  if (!given() || env_.kind(model_) != FileKind::file) return;  // one that is gone is said when it is needed
  std::string digest = digest_of_file(env_, model_), was = recorded ? recorded->at("digest").as_text() : "";
  if (resumed && digest != was)
    fail_usage(text("this run began from ", recorded ? "other weights than those of '" : "weights of its own, not from those of '", model_, "'"),
               "resume with the --init-from it was started with, or choose another folder with --set out=...");
  if (recorded) return;
  record_["model"] = model_;
  record_["digest"] = digest;
}

void StartWeights::load_into(Network& network, const NetworkNames& names) {
  LoadedModel loaded = load_model(env_, model_);
  Transfer done = transfer_weights(network, names, loaded.network, {loaded.channels, loaded.classes.names});
  if (!done.any_convolution)
    fail_input(text("nothing of the model '", model_, "' fits: it is a ", loaded.network.graph().title, ", this run's network is a ", network.graph().title),
               "--init-from takes a model of the same [model] table; channels and classes may differ");
  std::string share = text(done.numbers_taken, " of ", done.numbers, " weights");
  info(text("starts from '", model_, "': ", share, "; ", said("channels", done.channels_taken, done.channels_fresh, done.channels_unused), "; ",
            said("classes", done.classes_taken, done.classes_fresh, done.classes_unused)));
  if (done.channels_taken.empty()) warn(text("no channel of '", model_, "' has the name of one of this run's: all that reads the images starts afresh"));
  if (2 * done.numbers_taken < done.numbers) warn(text("only ", share, " come from '", model_, "', the others start afresh"));
  auto put = [&](const char* key, const std::vector<std::string>& list) { record_[key] = Value::list_of(list); };
  put("channels_taken", done.channels_taken), put("channels_fresh", done.channels_fresh), put("channels_unused", done.channels_unused);
  put("classes_taken", done.classes_taken), put("classes_fresh", done.classes_fresh), put("classes_unused", done.classes_unused);
  record_["weights_taken"] = done.numbers_taken;
  record_["weights"] = done.numbers;
}

}  // namespace tomograd
