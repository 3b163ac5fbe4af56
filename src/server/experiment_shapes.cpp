// What the routes of experiments, jobs and the cluster answer (answer_shapes.h). The values are made in experiment_values.cpp, experiment_statistics.cpp,
// src/report and, for what `tomograd` is asked as a process, src/planning and src/cli.
#include <utility>

#include "server/page_routes.h"

namespace tomograd {
namespace {

constexpr const char* experiment_shapes = R"(
TrialState = 'waiting' | 'running' | 'complete' | 'failed' | 'preempted' | 'cancelled' | 'pruned'
TrialCounts { total: integer, waiting: integer, running: integer, complete: integer, failed: integer, preempted: integer, cancelled: integer, pruned: integer }
RunTerms { on: text, workers: integer, between: text, memory_bytes: integer, queue: text, price_per_hour: number | null, instance: text, trial_hours: number | null }
UnreadableExperiment { id: text, name: text, root: integer, folder: text, state: 'unreadable', version: text, error: text }
ReadableExperiment { id: text, name: text, root: integer, folder: text, strategy: text, metric: text, state: 'waiting' | 'running' | 'stopping' | 'stopped' | 'lost' | 'done',
  trials: TrialCounts, total_planned: integer, best: { trial: integer, value: number, label: text } | null, mean: { value: number, standard_deviation: number | null } | null,
  busy_seconds: number | null, trial_seconds: number | null, spent: number | null, cap: number | null, currency: text | null, affordable_trials: integer | null, terms: RunTerms | null,
  workers: integer, eta_seconds: number | null, created_unix_milliseconds: integer, changed_unix_milliseconds: integer, where: 'local' | 'slurm' | 'database', version: text, error: null }
Experiment = ReadableExperiment | UnreadableExperiment
ExperimentList { format: 'tomograd.experiments/1', experiments: Experiment[] }
Note { id: integer, at_unix_milliseconds: integer, trial: integer, text: text }
NoteList { notes: Note[] }
Variable { key: text, scale: text, range: number[] | null, values: any[] | null, labels: text[] }
Job { job: integer, kind: text, experiment: text | null, name: text, state: 'running' | 'done' | 'failed', exit_code: integer | null, started_unix_milliseconds: integer,
  ended_unix_milliseconds: integer | null, output: text }
JobList { jobs: Job[] }
StartedJob { job: Job }
NewExperiment { spec: text, experiment: text, job: Job | null }
ExtendedExperiment { format: 'tomograd.experiment_extend/1', folder: text, trials_before: integer, trials: integer }
ForkedExperiment { format: 'tomograd.experiment_fork/1', file: text, folder: text, trials: integer, adopted: integer }
ExperimentDetail { format: 'tomograd.experiment_state/1', ...ReadableExperiment, spec: object, facts: object, fingerprint: text, attempts: integer, lease_seconds: number, variables: Variable[],
  channels: text[], notes: Note[], dataset: text | null, jobs: Job[], curve_names: text[] }
SpecText { format: 'tomograd.experiment_text/1', toml: text, changed: { key: text, value: any, default: any }[] }
TrialColumn { key: text, kind: 'trial' | 'time' | 'design' | 'variable' | 'metric' | 'timing' | 'money', main?: boolean, unit?: text }
Trials { format: 'tomograd.trials/1', version: text, total: integer, offset: integer, best_trial: integer, columns: TrialColumn[], rows: any[][] }
TrialAttempt { attempt: integer, owner: text, started_unix_milliseconds: integer, ended_unix_milliseconds: integer | null, outcome: text, reason: text }
TrialPrediction { case: text, volume: text, dataset: text | null, index: integer }
Trial { format: 'tomograd.trial/1', trial: integer, state: TrialState, settings: object, design: object, metrics: object, timing: object, attempts: integer, failures: integer,
  reason: text, owner: text, progress: number, abandoned: boolean, cost: number | null, currency: text | null, history: TrialAttempt[], predictions: TrialPrediction[], folder: text }
Curve { trial: integer, name: text, steps: number[], values: (number | null)[], seconds: number[], resumed_at: number[] }
CurveList { format: 'tomograd.curves/1', curves: Curve[] }
Attempt { trial: integer, attempt: integer, begin_seconds: number, end_seconds: number, outcome: text, reason: text }
WorkerRow { owner: text, busy_seconds: number, waited_seconds: number, attempts: Attempt[] }
AttemptCounts { complete: integer, pruned: integer, failed: integer, preempted: integer, lost: integer, cancelled: integer, running: integer }
TimelineMark { kind: text, trial: integer, at_seconds: number }
TimelineFacts { start_unix_milliseconds: integer, seconds: number, busy_seconds: number | null, lost_seconds: number | null, attempts: AttemptCounts, workers: WorkerRow[], marks: TimelineMark[] }
Timeline { format: 'tomograd.timeline/1', ...TimelineFacts }
LogEvent { id: integer, at_unix_milliseconds: integer, kind: text, trial: integer, attempt: integer, text: text }
FigureList { format: 'tomograd.figures/1', version: text, figures: { name: text, title: text, caption: text }[] }
EventLog { format: 'tomograd.log/1', last: integer, events: LogEvent[] }
Proposal { proposal: integer, trial: integer | null, state: text, settings: object, basis: 'model' | 'quasi-random' | 'not asked', mean?: number | null, standard_deviation?: number | null,
  improvement?: number | null, best?: number | null, success?: number | null, exploits?: boolean, results?: integer,
  model?: { mean: number | null, standard_deviation: number | null, best: number | null, log_improvement: number | null } }
Expectations { format: 'tomograd.expectations/1', metric: text, parallel: integer, trials_per_proposal: integer, results: integer, most_results: integer, more: integer, proposals: Proposal[] }
)";

constexpr const char* cluster_shapes = R"(
SlurmShare { allocated: integer, idle: integer, other: integer, total: integer }
SlurmPartition { name: text, default: boolean, state: text, time_limit_seconds: integer | null, nodes: SlurmShare, cpus: SlurmShare, gpus: integer, memory_bytes: integer,
  memory_promised_bytes: integer | null, memory_free_bytes: integer | null }
SlurmJob { id: text, array: text, name: text, partition: text, state: text, reason: text, elapsed_seconds: integer, time_limit_seconds: integer | null,
  starts_unix_milliseconds: integer | null, cpus: integer, nodes: integer, memory_bytes: integer | null }
SlurmFacts { installed: boolean | null, asking: boolean, age_seconds: number | null, partitions: SlurmPartition[], queue: SlurmJob[], queue_known: boolean, more_queued: integer, troubles: text[] }
WaitingTrials { id: text, name: text, state: text, currency: text | null, affordable_trials: integer | null, trials: integer, trial_seconds: number | null, work_seconds: number | null,
  wall_seconds: number | null, cost: number | null, between: text | null, open: boolean | null, opens_in_seconds: number | null, workers: integer }
Cluster { format: 'tomograd.cluster/1', now_unix_milliseconds: integer, slurm: SlurmFacts, waiting: WaitingTrials[] }
)";

constexpr const char* report_shapes = R"(
Interval { estimate: number | null, low: number | null, high: number | null, coverage: number | null }
PatientOutcome { patient: text, trial: integer, repeat: integer, value: number | null }
ChannelOutcome { name: text, trials: integer, complete: integer, failed: integer, mean: number | null, standard_deviation: number | null, median: number | null, outcomes: PatientOutcome[],
  seconds_per_step: number | null, seconds_per_step_standard_deviation: number | null, peak_bytes: number | null, peak_bytes_standard_deviation: number | null,
  changes?: { patient: text, value: number | null }[], change?: Interval, p?: number | null, holm_p?: number | null, trainings?: integer, patient_variance?: number | null,
  seed_variance?: number | null, verdict?: text, saved_bytes_per_scan?: number | null, saved_seconds_per_training?: Interval, contrast?: Interval, contrast_holm_p?: number | null,
  planted_importance?: number | null }
ClassOutcome { class: text, pairs: integer, ranking: text[], channels: ChannelOutcome[] }
ChannelAgreement { channels: text[], kendall_tau: number | null, pearson: number | null, spearman: number | null, mean_absolute_difference: number | null, mean_difference: number | null,
  share_of_orders_as_good: number | null, same_verdicts: integer }
ChannelDropout { pairs: integer, channels: ChannelOutcome[], ranking: text[], agreement: ChannelAgreement, trainings: integer, complete: integer, trainings_of_leave_one_out: integer,
  seconds: number | null, seconds_of_leave_one_out: number | null }
ChannelMatrix { channels: text[], patients: text[], change: (number | null)[][], trials: integer[][][], baseline_trials: integer[][] }
LeaveOneOut { format: 'tomograd.leave_one_out/1', version: text, metric: text, margin: number, patients: text[], pairs: integer, trainings: integer, smallest_p: number | null,
  smallest_holm_p: number | null, can_reach_significance: boolean, channels: ChannelOutcome[], ranking: text[], left_out_together: ChannelOutcome[], classes: ClassOutcome[],
  channel_dropout?: ChannelDropout, kendall_tau_planted: number | null, matrix: ChannelMatrix, findings: text[], decision: text, limits: text[] }
Configuration { variables: object, labels: text[], trials: integer[], complete: integer, mean: number | null, standard_deviation: number | null, seconds: number | null,
  seconds_standard_deviation: number | null, seconds_per_step: number | null, seconds_per_step_standard_deviation: number | null, peak_bytes: number | null,
  peak_bytes_standard_deviation: number | null, steps: number | null, steps_standard_deviation: number | null, parameters: number | null, best: boolean }
ValueOutcome { variable: text, value: text, complete: integer, mean: number | null, standard_deviation: number | null, seconds_per_step: number | null,
  seconds_per_step_standard_deviation: number | null, peak_bytes: number | null, peak_bytes_standard_deviation: number | null }
SearchAxis { variable: text, scale: 'linear' | 'log' | 'listed', low?: number, high?: number, values?: any[], labels?: text[] }
SearchPoint { trial: integer, trials: integer, metric: number, standard_deviation: number | null, best_so_far: number, at: (number | null)[] }
Share { variable: text, share: number | null, low: number | null, high: number | null }
Importance { method: text, configurations: integer, trees: integer, explained_out_of_bag: number | null, variables: Share[], together: Share }
Response { method: text, x: text, y: text, columns: integer, rows: integer, mean: number[], standard_deviation: number[], noise: number | null, others: number[] }
Search { format: 'tomograd.search/1', version: text, metric: text, axes: SearchAxis[], points: SearchPoint[], best_trial: integer, importance: Importance | null,
  response: Response | null, configurations: Configuration[] }
ReportCurve { trial: integer, name: text, steps: number[], values: (number | null)[] }
Report { format: 'tomograd.report/1', name: text, strategy: text, metric: text, margin: number, fingerprint: text, trials: TrialCounts,
  steps_per_trial: { low: number | null, median: number | null, high: number | null }, limited_by_time: boolean, patients: text[],
  pairs?: integer, trainings?: integer, smallest_p?: number | null, smallest_holm_p?: number | null, can_reach_significance?: boolean, channels?: ChannelOutcome[], ranking?: text[],
  kendall_tau_planted?: number | null, left_out_together?: ChannelOutcome[], classes?: ClassOutcome[], channel_dropout?: ChannelDropout, planted_losses?: integer,
  planted_losses_in_interval?: integer, configurations: Configuration[], values: ValueOutcome[], axes?: SearchAxis[], points?: SearchPoint[], best_trial?: integer,
  importance?: Importance, response?: Response, timeline?: TimelineFacts, curves: ReportCurve[], findings: text[], decision: text, limits: text[] }
Bounds { low: number | null, mid: number | null, high: number | null }
SpotPlan { count: integer, cost: number | null, cost_interval: Bounds, total: number | null, total_interval: Bounds, hours: number | null, days: number | null, days_interval: Bounds,
  interruptions: Bounds, commands: text[] }
InstanceMemory { fits: boolean, device_bytes: number, device_has_bytes: number, device_usable_bytes: number, host_bytes: number, host_has_bytes: number, host_usable_bytes: number, change?: text }
InstancePlan { type: text, region: text, device: text, devices: integer, count: integer, waves: integer, trial_hours: Bounds, hours: number | null, hours_interval: Bounds,
  days: number | null, days_interval: Bounds, price_per_hour: number, cost: number | null, cost_interval: Bounds, spot: SpotPlan | null, interruption: text, head_node_cost: number | null,
  storage_cost: number | null, transfer_cost: number | null, upload_seconds: number | null, node_read_seconds: number | null, total: number | null, total_interval: Bounds,
  memory: InstanceMemory | null, meets_deadline?: boolean, within_budget?: boolean, affordable_trials?: integer, commands: text[], note?: text }
PlanChoice { type: text, market: 'spot' | 'on-demand', count: integer, days: number | null, total: number | null }
Plan { format: 'tomograd.plan/1', experiment: text, name: text, trials: integer, hours: number | null, hours_per_trial: Bounds, basis: text, estimate: boolean, step_seconds?: number,
  predictions?: integer, currency: text, prices_date: text,
  memory?: { parameters: integer, weight_bytes: number, activation_bytes: number, gpu_bytes: number, cpu_bytes: number, host_bytes: number },
  storage: { dataset_bytes: number | null, results_bytes: number | null, download_bytes: number | null, shared_bytes: number, lustre_bytes: number },
  deadline_seconds?: number, budget?: number, instances: InstancePlan[], cheapest: PlanChoice | null, fastest?: PlanChoice | null, notes: text[] }
)";

}  // namespace

void add_experiment_shapes(RouteTable& table) {
  table.shapes.declare(experiment_shapes), table.shapes.declare(cluster_shapes), table.shapes.declare(report_shapes);
  const std::string all = "/api/experiments", one = all + "/{id}";
  for (const auto& [path, shape] : {std::pair<std::string, const char*>{all, "ExperimentList"}, {one, "ExperimentDetail"}, {one + "/spec", "SpecText"}, {one + "/trials", "Trials"},
                                    {one + "/trials/{number}", "Trial"}, {one + "/curves", "CurveList"}, {one + "/report", "Report"}, {one + "/leave-one-out", "LeaveOneOut"},
                                    {one + "/bayes", "Search"}, {one + "/timeline", "Timeline"}, {one + "/log", "EventLog"}, {one + "/figures", "FigureList"}, {one + "/next", "Expectations"}, {"/api/cluster", "Cluster"}, {"/api/jobs", "JobList"}})
    table.describe("GET", path, shape);
  for (const auto& [path, shape] : {std::pair<std::string, const char*>{all, "NewExperiment"}, {all + "/plan", "Plan"}, {one + "/stop", "Experiment"}, {one + "/cancel", "Experiment"},
                                    {one + "/resume", "StartedJob"}, {one + "/retry", "StartedJob"}, {one + "/extend", "ExtendedExperiment"}, {one + "/fork", "ForkedExperiment"},
                                    {one + "/note", "NoteList"}})
    table.describe("POST", path, shape);
}

}  // namespace tomograd
