// Made by scripts/routes.mjs from docs/openapi.json (npm run routes); not to be changed by hand.
import type { Json, Table } from '../lib/dotted.ts'

export type Zyx = [number, number, number]

export type ErrorFacts = {
  kind: 'input' | 'usage' | 'conflict' | 'stopped' | 'budget' | 'failure' | 'access' | 'missing'
  message: string
  context: string[]
  hint: string
}

export type ErrorAnswer = {
  error: ErrorFacts
}

export type ServerFacts = {
  format: 'tomograd.server/1'
  version: string
  read_only: boolean
  cores: number
  gpus: number
  memory_bytes: number
  now_unix_milliseconds: number
  roots: { root: number; name: string }[]
  page: boolean
}

export type OpenApi = Table

export type SchemaNames = {
  schemas: string[]
}

export type JsonSchema = Table

export type DiagramBox = {
  node: string
  op: string
  does: string
  text: [string, string, string]
  x: number
  y: number
  width: number
  height: number
  level: number
  aside: boolean
  head: boolean
  channels: number
  size: Zyx
  parameters: number
  flop: number
  receptive_field: Zyx
}

export type DiagramArrow = {
  from: number
  to: number
  points: [number, number][]
  label: string
  label_x: number
  label_y: number
  label_centred: boolean
}

export type Diagram = {
  width: number
  height: number
  boxes: DiagramBox[]
  arrows: DiagramArrow[]
  svg?: string
}

export type ModelNode = {
  name: string
  op: string
  does: string
  inputs: string[]
  channels: number
  size: Zyx
  parameters: number
}

export type ModelStack = {
  name: string
  depth: number
  width: number
  dims: number
  dilations: number[]
  border: 'reflect' | 'zero'
  does: string
}

export type ModelMemory = {
  precision: 'f32' | 'bf16' | 'f16'
  training_bytes: number
  training_on_cpu_bytes: number
  inference_bytes: number
}

export type ModelFacts = {
  format: 'tomograd.model/1'
  title: string
  in_channels: number
  out_channels: number
  patch: Zyx
  batch: number
  parameters: number
  weight_bytes: number
  stacks: ModelStack[]
  receptive_field_voxels: Zyx
  flop_per_voxel: number
  forward_flop: number
  activation_bytes_training: number
  activation_bytes_inference: number
  legal_sizes: { smallest: Zyx; step: Zyx }
  output_size: Zyx
  margin: { before: Zyx; after: Zyx }
  output_stride: Zyx
  heads: { name: string; size: Zyx; loss_weight: number }[]
  warnings: string[]
  nodes?: ModelNode[]
  assumed: string[]
  memory: ModelMemory[]
  largest_patch: { device_bytes: number; patch: Zyx | null }[]
  exact_halo: Zyx
  toml: string
  command: string
  diagram?: Diagram
}

export type DatasetSummary = {
  id: string
  name: string
  root: number
  file: string
  cases: number
  patients: number
  modalities: string[]
  error: string | null
}

export type DatasetList = {
  datasets: DatasetSummary[]
}

export type CaseFile = {
  state: 'present' | 'missing' | 'differs' | 'outside' | 'unreadable'
  volume: string | null
  reason: string
}

export type ImageCell = {
  state: 'present' | 'missing' | 'differs' | 'outside' | 'unreadable'
  volume: string | null
  reason: string
  frame: number
}

export type CaseRow = {
  index: number
  id: string
  patient: string
  scan: string
  shape_zyx: Zyx
  spacing_zyx_mm: [number, number, number]
  orientation: string
  digest: string
  warnings: string[]
  images: ImageCell[]
  label: CaseFile
  roi: CaseFile
}

export type Dataset = {
  format: 'tomograd.dataset_matrix/1'
  id: string
  name: string
  modalities: string[]
  labels: Record<string, number[]>
  patients: string[]
  cases: CaseRow[]
}

export type LabelCounts = {
  case: number
  id: string
  voxels: Record<string, number>
  voxel_ml: number
}

export type ClassShare = {
  class: string
  expected_share: number | null
  realised_share: number | null
  voxel_share: number | null
}

export type PatchPlace = {
  case: number
  corner_zyx: Zyx
  centre_zyx: Zyx
  class: number | null
}

export type SamplingPreview = {
  format: 'tomograd.sampling_preview/1'
  epoch: number
  patches: number
  classes: ClassShare[]
  cases: { case: string; patches: number }[]
  min_fraction?: { asked: number; foreground_patches: number; below: number; lowest: number | null; redrawn: number }
  warnings: string[]
  all_cases: boolean
  training_cases: number
  patch_zyx: Zyx
  places: PatchPlace[]
}

export type VolumeFile = {
  id: string
  root: number
  file: string
  kind: 'nifti' | 'tiff' | 'zarr'
}

export type VolumeList = {
  volumes: VolumeFile[]
}

export type Level = {
  level: number
  size_zyx: Zyx
  factor_zyx: Zyx
  stored: boolean
}

export type Volume = {
  format: 'tomograd.volume/1'
  id: string
  name: string
  kind: 'NIfTI' | 'TIFF' | 'Zarr'
  size_zyx: Zyx
  channels: number
  type: string
  spacing_zyx_mm: [number, number, number]
  affine: [number, number, number, number][]
  orientation: string
  orientation_known: boolean
  uncompressed_bytes: number
  compressed: boolean
  levels: Level[]
  tile: number
  labels: string[]
  label_volumes: string[]
}

export type Range = {
  low: number
  high: number
  minimum: number
  maximum: number
  whole: boolean
  integers: boolean
}

export type TrialState = 'waiting' | 'running' | 'complete' | 'failed' | 'preempted' | 'cancelled' | 'pruned'

export type TrialCounts = {
  total: number
  waiting: number
  running: number
  complete: number
  failed: number
  preempted: number
  cancelled: number
  pruned: number
}

export type RunTerms = {
  on: string
  workers: number
  between: string
  memory_bytes: number
  queue: string
  price_per_hour: number | null
  instance: string
  trial_hours: number | null
}

export type UnreadableExperiment = {
  id: string
  name: string
  root: number
  folder: string
  state: 'unreadable'
  version: string
  error: string
}

export type ReadableExperiment = {
  id: string
  name: string
  root: number
  folder: string
  strategy: string
  metric: string
  state: 'waiting' | 'running' | 'stopping' | 'stopped' | 'lost' | 'done'
  trials: TrialCounts
  total_planned: number
  best: { trial: number; value: number; label: string } | null
  mean: { value: number; standard_deviation: number | null } | null
  busy_seconds: number | null
  trial_seconds: number | null
  spent: number | null
  cap: number | null
  currency: string | null
  affordable_trials: number | null
  terms: RunTerms | null
  workers: number
  eta_seconds: number | null
  created_unix_milliseconds: number
  changed_unix_milliseconds: number
  where: 'local' | 'slurm' | 'database'
  version: string
  error: null
}

export type Experiment = ReadableExperiment | UnreadableExperiment

export type ExperimentList = {
  format: 'tomograd.experiments/1'
  experiments: Experiment[]
}

export type Note = {
  id: number
  at_unix_milliseconds: number
  trial: number
  text: string
}

export type NoteList = {
  notes: Note[]
}

export type Variable = {
  key: string
  scale: string
  range: number[] | null
  values: Json[] | null
  labels: string[]
}

export type Job = {
  job: number
  kind: string
  experiment: string | null
  name: string
  state: 'running' | 'done' | 'failed'
  exit_code: number | null
  started_unix_milliseconds: number
  ended_unix_milliseconds: number | null
  output: string
}

export type JobList = {
  jobs: Job[]
}

export type StartedJob = {
  job: Job
}

export type NewExperiment = {
  spec: string
  experiment: string
  job: Job | null
}

export type ExtendedExperiment = {
  format: 'tomograd.experiment_extend/1'
  folder: string
  trials_before: number
  trials: number
}

export type ForkedExperiment = {
  format: 'tomograd.experiment_fork/1'
  file: string
  folder: string
  trials: number
  adopted: number
}

export type ExperimentDetail = {
  format: 'tomograd.experiment_state/1'
  id: string
  name: string
  root: number
  folder: string
  strategy: string
  metric: string
  state: 'waiting' | 'running' | 'stopping' | 'stopped' | 'lost' | 'done'
  trials: TrialCounts
  total_planned: number
  best: { trial: number; value: number; label: string } | null
  mean: { value: number; standard_deviation: number | null } | null
  busy_seconds: number | null
  trial_seconds: number | null
  spent: number | null
  cap: number | null
  currency: string | null
  affordable_trials: number | null
  terms: RunTerms | null
  workers: number
  eta_seconds: number | null
  created_unix_milliseconds: number
  changed_unix_milliseconds: number
  where: 'local' | 'slurm' | 'database'
  version: string
  error: null
  spec: Table
  facts: Table
  fingerprint: string
  attempts: number
  lease_seconds: number
  variables: Variable[]
  channels: string[]
  notes: Note[]
  dataset: string | null
  jobs: Job[]
  curve_names: string[]
}

export type SpecText = {
  format: 'tomograd.experiment_text/1'
  toml: string
  changed: { key: string; value: Json; default: Json }[]
}

export type TrialColumn = {
  key: string
  kind: 'trial' | 'time' | 'design' | 'variable' | 'metric' | 'timing' | 'money'
  main?: boolean
  unit?: string
}

export type Trials = {
  format: 'tomograd.trials/1'
  version: string
  total: number
  offset: number
  best_trial: number
  columns: TrialColumn[]
  rows: Json[][]
}

export type TrialAttempt = {
  attempt: number
  owner: string
  started_unix_milliseconds: number
  ended_unix_milliseconds: number | null
  outcome: string
  reason: string
}

export type TrialPrediction = {
  case: string
  volume: string
  dataset: string | null
  index: number
}

export type Trial = {
  format: 'tomograd.trial/1'
  trial: number
  state: TrialState
  settings: Table
  design: Table
  metrics: Table
  timing: Table
  attempts: number
  failures: number
  reason: string
  owner: string
  progress: number
  abandoned: boolean
  cost: number | null
  currency: string | null
  history: TrialAttempt[]
  predictions: TrialPrediction[]
  folder: string
}

export type Curve = {
  trial: number
  name: string
  steps: number[]
  values: (number | null)[]
  seconds: number[]
  resumed_at: number[]
}

export type CurveList = {
  format: 'tomograd.curves/1'
  curves: Curve[]
}

export type Attempt = {
  trial: number
  attempt: number
  begin_seconds: number
  end_seconds: number
  outcome: string
  reason: string
}

export type WorkerRow = {
  owner: string
  busy_seconds: number
  waited_seconds: number
  attempts: Attempt[]
}

export type AttemptCounts = {
  complete: number
  pruned: number
  failed: number
  preempted: number
  lost: number
  cancelled: number
  running: number
}

export type TimelineMark = {
  kind: string
  trial: number
  at_seconds: number
}

export type TimelineFacts = {
  start_unix_milliseconds: number
  seconds: number
  busy_seconds: number | null
  lost_seconds: number | null
  attempts: AttemptCounts
  workers: WorkerRow[]
  marks: TimelineMark[]
}

export type Timeline = {
  format: 'tomograd.timeline/1'
  start_unix_milliseconds: number
  seconds: number
  busy_seconds: number | null
  lost_seconds: number | null
  attempts: AttemptCounts
  workers: WorkerRow[]
  marks: TimelineMark[]
}

export type LogEvent = {
  id: number
  at_unix_milliseconds: number
  kind: string
  trial: number
  attempt: number
  text: string
}

export type FigureList = {
  format: 'tomograd.figures/1'
  version: string
  figures: { name: string; title: string; caption: string }[]
}

export type EventLog = {
  format: 'tomograd.log/1'
  last: number
  events: LogEvent[]
}

export type Proposal = {
  proposal: number
  trial: number | null
  state: string
  settings: Table
  basis: 'model' | 'quasi-random' | 'not asked'
  mean?: number | null
  standard_deviation?: number | null
  improvement?: number | null
  best?: number | null
  success?: number | null
  exploits?: boolean
  results?: number
  model?: { mean: number | null; standard_deviation: number | null; best: number | null; log_improvement: number | null }
}

export type Expectations = {
  format: 'tomograd.expectations/1'
  metric: string
  parallel: number
  trials_per_proposal: number
  results: number
  most_results: number
  more: number
  proposals: Proposal[]
}

export type SlurmShare = {
  allocated: number
  idle: number
  other: number
  total: number
}

export type SlurmPartition = {
  name: string
  default: boolean
  state: string
  time_limit_seconds: number | null
  nodes: SlurmShare
  cpus: SlurmShare
  gpus: number
  memory_bytes: number
  memory_promised_bytes: number | null
  memory_free_bytes: number | null
}

export type SlurmJob = {
  id: string
  array: string
  name: string
  partition: string
  state: string
  reason: string
  elapsed_seconds: number
  time_limit_seconds: number | null
  starts_unix_milliseconds: number | null
  cpus: number
  nodes: number
  memory_bytes: number | null
}

export type SlurmFacts = {
  installed: boolean | null
  asking: boolean
  age_seconds: number | null
  partitions: SlurmPartition[]
  queue: SlurmJob[]
  queue_known: boolean
  more_queued: number
  troubles: string[]
}

export type WaitingTrials = {
  id: string
  name: string
  state: string
  currency: string | null
  affordable_trials: number | null
  trials: number
  trial_seconds: number | null
  work_seconds: number | null
  wall_seconds: number | null
  cost: number | null
  between: string | null
  open: boolean | null
  opens_in_seconds: number | null
  workers: number
}

export type Cluster = {
  format: 'tomograd.cluster/1'
  now_unix_milliseconds: number
  slurm: SlurmFacts
  waiting: WaitingTrials[]
}

export type Interval = {
  estimate: number | null
  low: number | null
  high: number | null
  coverage: number | null
}

export type PatientOutcome = {
  patient: string
  trial: number
  repeat: number
  value: number | null
}

export type ChannelOutcome = {
  name: string
  trials: number
  complete: number
  failed: number
  mean: number | null
  standard_deviation: number | null
  median: number | null
  outcomes: PatientOutcome[]
  seconds_per_step: number | null
  seconds_per_step_standard_deviation: number | null
  peak_bytes: number | null
  peak_bytes_standard_deviation: number | null
  changes?: { patient: string; value: number | null }[]
  change?: Interval
  p?: number | null
  holm_p?: number | null
  trainings?: number
  patient_variance?: number | null
  seed_variance?: number | null
  verdict?: string
  saved_bytes_per_scan?: number | null
  saved_seconds_per_training?: Interval
  contrast?: Interval
  contrast_holm_p?: number | null
  planted_importance?: number | null
}

export type ClassOutcome = {
  class: string
  pairs: number
  ranking: string[]
  channels: ChannelOutcome[]
}

export type ChannelAgreement = {
  channels: string[]
  kendall_tau: number | null
  pearson: number | null
  spearman: number | null
  mean_absolute_difference: number | null
  mean_difference: number | null
  share_of_orders_as_good: number | null
  same_verdicts: number
}

export type ChannelDropout = {
  pairs: number
  channels: ChannelOutcome[]
  ranking: string[]
  agreement: ChannelAgreement
  trainings: number
  complete: number
  trainings_of_leave_one_out: number
  seconds: number | null
  seconds_of_leave_one_out: number | null
}

export type ChannelMatrix = {
  channels: string[]
  patients: string[]
  change: (number | null)[][]
  trials: number[][][]
  baseline_trials: number[][]
}

export type LeaveOneOut = {
  format: 'tomograd.leave_one_out/1'
  version: string
  metric: string
  margin: number
  patients: string[]
  pairs: number
  trainings: number
  smallest_p: number | null
  smallest_holm_p: number | null
  can_reach_significance: boolean
  channels: ChannelOutcome[]
  ranking: string[]
  left_out_together: ChannelOutcome[]
  classes: ClassOutcome[]
  channel_dropout?: ChannelDropout
  kendall_tau_planted: number | null
  matrix: ChannelMatrix
  findings: string[]
  decision: string
  limits: string[]
}

export type Configuration = {
  variables: Table
  labels: string[]
  trials: number[]
  complete: number
  mean: number | null
  standard_deviation: number | null
  seconds: number | null
  seconds_standard_deviation: number | null
  seconds_per_step: number | null
  seconds_per_step_standard_deviation: number | null
  peak_bytes: number | null
  peak_bytes_standard_deviation: number | null
  steps: number | null
  steps_standard_deviation: number | null
  parameters: number | null
  best: boolean
}

export type ValueOutcome = {
  variable: string
  value: string
  complete: number
  mean: number | null
  standard_deviation: number | null
  seconds_per_step: number | null
  seconds_per_step_standard_deviation: number | null
  peak_bytes: number | null
  peak_bytes_standard_deviation: number | null
}

export type SearchAxis = {
  variable: string
  scale: 'linear' | 'log' | 'listed'
  low?: number
  high?: number
  values?: Json[]
  labels?: string[]
}

export type SearchPoint = {
  trial: number
  trials: number
  metric: number
  standard_deviation: number | null
  best_so_far: number
  at: (number | null)[]
}

export type Share = {
  variable: string
  share: number | null
  low: number | null
  high: number | null
}

export type Importance = {
  method: string
  configurations: number
  trees: number
  explained_out_of_bag: number | null
  variables: Share[]
  together: Share
}

export type Response = {
  method: string
  x: string
  y: string
  columns: number
  rows: number
  mean: number[]
  standard_deviation: number[]
  noise: number | null
  others: number[]
}

export type Search = {
  format: 'tomograd.search/1'
  version: string
  metric: string
  axes: SearchAxis[]
  points: SearchPoint[]
  best_trial: number
  importance: Importance | null
  response: Response | null
  configurations: Configuration[]
}

export type ReportCurve = {
  trial: number
  name: string
  steps: number[]
  values: (number | null)[]
}

export type Report = {
  format: 'tomograd.report/1'
  name: string
  strategy: string
  metric: string
  margin: number
  fingerprint: string
  trials: TrialCounts
  steps_per_trial: { low: number | null; median: number | null; high: number | null }
  limited_by_time: boolean
  patients: string[]
  pairs?: number
  trainings?: number
  smallest_p?: number | null
  smallest_holm_p?: number | null
  can_reach_significance?: boolean
  channels?: ChannelOutcome[]
  ranking?: string[]
  kendall_tau_planted?: number | null
  left_out_together?: ChannelOutcome[]
  classes?: ClassOutcome[]
  channel_dropout?: ChannelDropout
  planted_losses?: number
  planted_losses_in_interval?: number
  configurations: Configuration[]
  values: ValueOutcome[]
  axes?: SearchAxis[]
  points?: SearchPoint[]
  best_trial?: number
  importance?: Importance
  response?: Response
  timeline?: TimelineFacts
  curves: ReportCurve[]
  findings: string[]
  decision: string
  limits: string[]
}

export type Bounds = {
  low: number | null
  mid: number | null
  high: number | null
}

export type SpotPlan = {
  count: number
  cost: number | null
  cost_interval: Bounds
  total: number | null
  total_interval: Bounds
  hours: number | null
  days: number | null
  days_interval: Bounds
  interruptions: Bounds
  commands: string[]
}

export type InstanceMemory = {
  fits: boolean
  device_bytes: number
  device_has_bytes: number
  device_usable_bytes: number
  host_bytes: number
  host_has_bytes: number
  host_usable_bytes: number
  change?: string
}

export type InstancePlan = {
  type: string
  region: string
  device: string
  devices: number
  count: number
  waves: number
  trial_hours: Bounds
  hours: number | null
  hours_interval: Bounds
  days: number | null
  days_interval: Bounds
  price_per_hour: number
  cost: number | null
  cost_interval: Bounds
  spot: SpotPlan | null
  interruption: string
  head_node_cost: number | null
  storage_cost: number | null
  transfer_cost: number | null
  upload_seconds: number | null
  node_read_seconds: number | null
  total: number | null
  total_interval: Bounds
  memory: InstanceMemory | null
  meets_deadline?: boolean
  within_budget?: boolean
  affordable_trials?: number
  commands: string[]
  note?: string
}

export type PlanChoice = {
  type: string
  market: 'spot' | 'on-demand'
  count: number
  days: number | null
  total: number | null
}

export type Plan = {
  format: 'tomograd.plan/1'
  experiment: string
  name: string
  trials: number
  hours: number | null
  hours_per_trial: Bounds
  basis: string
  estimate: boolean
  step_seconds?: number
  predictions?: number
  currency: string
  prices_date: string
  memory?: { parameters: number; weight_bytes: number; activation_bytes: number; gpu_bytes: number; cpu_bytes: number; host_bytes: number }
  storage: { dataset_bytes: number | null; results_bytes: number | null; download_bytes: number | null; shared_bytes: number; lustre_bytes: number }
  deadline_seconds?: number
  budget?: number
  instances: InstancePlan[]
  cheapest: PlanChoice | null
  fastest?: PlanChoice | null
  notes: string[]
}

/** What a route answers. */
export interface Answers {
  'GET /api/server': ServerFacts
  'GET /api/openapi.json': OpenApi
  'GET /api/experiments': ExperimentList
  'POST /api/experiments': NewExperiment
  'GET /api/experiments/{id}': ExperimentDetail
  'GET /api/experiments/{id}/spec': SpecText
  'GET /api/experiments/{id}/trials': Trials
  'GET /api/experiments/{id}/trials/{number}': Trial
  'GET /api/experiments/{id}/curves': CurveList
  'GET /api/experiments/{id}/report': Report
  'GET /api/experiments/{id}/leave-one-out': LeaveOneOut
  'GET /api/experiments/{id}/bayes': Search
  'GET /api/experiments/{id}/next': Expectations
  'GET /api/experiments/{id}/timeline': Timeline
  'GET /api/experiments/{id}/log': EventLog
  'GET /api/experiments/{id}/figures': FigureList
  'POST /api/experiments/plan': Plan
  'POST /api/experiments/{id}/stop': Experiment
  'POST /api/experiments/{id}/resume': StartedJob
  'POST /api/experiments/{id}/cancel': Experiment
  'POST /api/experiments/{id}/retry': StartedJob
  'POST /api/experiments/{id}/extend': ExtendedExperiment
  'POST /api/experiments/{id}/fork': ForkedExperiment
  'POST /api/experiments/{id}/note': NoteList
  'GET /api/jobs': JobList
  'GET /api/cluster': Cluster
  'GET /api/schema': SchemaNames
  'GET /api/schema/{name}': JsonSchema
  'POST /api/models/describe': ModelFacts
  'GET /api/datasets': DatasetList
  'GET /api/datasets/{id}': Dataset
  'GET /api/datasets/{id}/labels': LabelCounts
  'POST /api/datasets/{id}/sampling': SamplingPreview
  'GET /api/volumes': VolumeList
  'GET /api/volumes/{id}': Volume
  'GET /api/volumes/{id}/range': Range
}
