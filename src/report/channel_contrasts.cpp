// Whether a channel differs from the other channels, not only from nothing: per patient, the change without it less the mean
// change without each of the others. Where all channels matter alike (a null phantom, say) these contrasts lie around zero
// although every single change does not, so naming a "most influential" channel rests on them.
#include <map>

#include "report/numbers.h"
#include "report/outcomes.h"

namespace tomograd {

void contrast_channels(ReportData& report) {
  std::vector<ChannelReport*> channels;
  for (auto& channel : report.channels) {
    channel.contrast = {nothing, nothing, nothing, 0}, channel.contrast_holm_p = nothing;
    if (channel.name != "all" && !channel.changes.empty()) channels.push_back(&channel);
  }
  if (channels.size() < 2) return;
  std::map<std::string, std::vector<const PatientChange*>> by_patient;   // in the order of `channels`, for patients that have all
  for (const auto* channel : channels)
    for (const auto& change : channel->changes) by_patient[change.patient].push_back(&change);
  std::vector<double> p;
  for (size_t c = 0; c < channels.size(); ++c) {
    std::vector<PatientChange> contrasts;
    for (const auto& [patient, changes] : by_patient) {
      if (changes.size() != channels.size()) continue;
      PatientChange contrast = *changes[c];
      for (size_t k = 0; k < changes.size(); ++k)
        if (k != c) add_change(contrast, *changes[k], -double(changes.size() - 1));
      contrasts.push_back(std::move(contrast));
    }
    if (contrasts.empty()) return;
    ChangeTest test = test_changes(contrasts);
    channels[c]->contrast = test.interval;
    p.push_back(test.p);
  }
  std::vector<double> adjusted = holm(p);
  for (size_t c = 0; c < channels.size(); ++c) channels[c]->contrast_holm_p = adjusted[c];
}

}  // namespace tomograd
