// What the server answers, as docs/api.md says it. Sizes and indices are Z,Y,X; a number that is missing is null.
import type { Json, Table } from '../lib/dotted.ts'

export type Num = number | null
export type Zyx = [number, number, number]

export interface ServerFacts {
  version: string
  read_only: boolean
  cores: number
  gpus: number
  memory_bytes: number
  now_unix_milliseconds: number
  roots: { root: number; name: string }[]
}

export type TrialState = 'waiting' | 'running' | 'complete' | 'failed' | 'preempted' | 'cancelled' | 'pruned'
export type ExperimentState = 'waiting' | 'running' | 'stopping' | 'stopped' | 'lost' | 'done' | 'unreadable'
export type TrialCounts = Record<TrialState, number> & { total: number }

export interface Experiment {
  id: string
  name: string
  root: number
  folder: string
  state: ExperimentState
  error: string | null
  // What follows is not there for unreadable ones.
  strategy: string
  metric: string
  trials: TrialCounts
  total_planned: number
  best: { trial: number; value: number; label: string } | null
  mean: { value: number; standard_deviation: Num } | null
  busy_seconds: Num
  trial_seconds: Num
  spent: Num
  cap: Num
  currency: string | null
  affordable_trials: Num
  terms: RunTerms | null
  where: string
  workers: number
  eta_seconds: Num
  created_unix_milliseconds: number
  changed_unix_milliseconds: number
  version: string
}

/** On what terms it was last run; null where nobody recorded them. */
export interface RunTerms { on: string; workers: number; between: string; memory_bytes: number; queue: string; price_per_hour: Num; instance: string }

export interface Note { id: number; at_unix_milliseconds: number; trial: number; text: string }
export interface Variable { key: string; scale: string; range: number[] | null; values: Json[] | null; labels: string[] }

export interface ExperimentDetail extends Experiment {
  spec: Table
  facts: Table
  variables: Variable[]
  channels: string[]
  attempts: number
  lease_seconds: number
  fingerprint: string
  dataset: string | null
  notes: Note[]
  jobs: Job[]
  curve_names: string[]
}

export interface Job {
  job: number
  kind: string
  experiment: string | null
  name: string
  state: 'running' | 'done' | 'failed'
  exit_code: Num
  started_unix_milliseconds: number
  ended_unix_milliseconds: Num
  output: string
}

export interface SpecText { toml: string; changed: { key: string; value: Json; default: Json }[] }

export type ColumnKind = 'trial' | 'time' | 'design' | 'variable' | 'metric' | 'timing' | 'money'
export interface TrialColumn { key: string; kind: ColumnKind; main?: boolean; unit?: string }
export interface Trials { version: string; total: number; offset: number; best_trial: number; columns: TrialColumn[]; rows: Json[][] }

export interface Trial {
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
  folder: string
  cost: Num
  currency: string | null
  history: { attempt: number; owner: string; started_unix_milliseconds: number; ended_unix_milliseconds: Num; outcome: string; reason: string }[]
  predictions: { case: string; volume: string; dataset: string | null; index: number }[]
}

export interface Curve { trial: number; name: string; steps: number[]; values: Num[]; seconds: number[]; resumed_at: number[] }

export interface Interval { estimate: Num; low: Num; high: Num; coverage: Num }
export interface ChannelOutcome {
  name: string
  outcomes: { patient: string; trial: number; repeat: number; value: Num }[]
  mean: Num
  standard_deviation: Num
  median: Num
  changes?: { patient: string; value: Num }[]
  change?: Interval
  p?: Num
  holm_p?: Num
  verdict?: string
}

export interface LeaveOneOut {
  version: string
  metric: string
  margin: number
  patients: string[]
  pairs: number
  smallest_holm_p: Num
  can_reach_significance: boolean
  channels: ChannelOutcome[]
  ranking: string[]
  matrix: { channels: string[]; patients: string[]; change: Num[][]; trials: number[][][]; baseline_trials: number[][] }
  findings: string[]
  decision: string
  limits: string[]
}

export interface SearchAxis { variable: string; scale: 'linear' | 'log' | 'listed'; low?: number; high?: number; values?: Json[]; labels?: string[] }
export interface SearchPoint { trial: number; trials: number; metric: number; standard_deviation: Num; best_so_far: number; at: Num[] }
export interface Share { variable: string; share: Num; low: Num; high: Num }
export interface Search {
  version: string
  metric: string
  axes: SearchAxis[]
  points: SearchPoint[]
  best_trial: number
  importance: { method: string; configurations: number; explained_out_of_bag: Num; variables: Share[]; together: Share } | null
  response: { method: string; x: string; y: string; columns: number; rows: number; mean: number[]; standard_deviation: number[]; noise: Num; others: number[] } | null
}

/** What the search's own model expects of a proposal; in units of the metric, and as the model has them. */
export interface Proposal {
  proposal: number
  trial: Num
  state: string
  settings: Table
  basis: 'model' | 'quasi-random' | 'not asked'
  mean?: Num
  standard_deviation?: Num
  improvement?: Num
  best?: Num
  success?: Num
  exploits?: boolean
  results?: number
  model?: { mean: Num; standard_deviation: Num; best: Num; log_improvement: Num }
}
export interface Expectations { metric: string; parallel: number; trials_per_proposal: number; results: number; most_results: number; more: number; proposals: Proposal[] }

export interface SlurmShare { allocated: number; idle: number; other: number; total: number }
export interface SlurmPartition {
  name: string
  default: boolean
  state: string
  time_limit_seconds: Num
  nodes: SlurmShare
  cpus: SlurmShare
  gpus: number
  memory_bytes: number
  memory_promised_bytes: Num
  memory_free_bytes: Num
}
export interface SlurmJob {
  id: string
  array: string
  name: string
  partition: string
  state: string
  reason: string
  elapsed_seconds: number
  time_limit_seconds: Num
  starts_unix_milliseconds: Num
  cpus: number
  nodes: number
  memory_bytes: Num
}
export interface SlurmFacts { installed: boolean | null; asking: boolean; age_seconds: Num; partitions: SlurmPartition[]; queue: SlurmJob[]; queue_known: boolean; more_queued: number; troubles: string[] }
export interface WaitingTrials {
  id: string
  name: string
  state: string
  trials: number
  trial_seconds: Num
  work_seconds: Num
  wall_seconds: Num
  workers: number
  cost: Num
  currency: string | null
  affordable_trials: Num
  between: string | null
  open: boolean | null
  opens_in_seconds: Num
}
export interface ClusterFacts { now_unix_milliseconds: number; slurm: SlurmFacts; waiting: WaitingTrials[] }

export interface Configuration { variables: Table; labels: string[]; trials: number[]; complete: number; mean: Num; standard_deviation: Num; seconds: Num; peak_bytes: Num; best: boolean }
export interface Report {
  name: string
  strategy: string
  metric: string
  trials: TrialCounts
  patients: string[]
  channels?: ChannelOutcome[]
  ranking?: string[]
  configurations: Configuration[]
  values: { variable: string; value: string; complete: number; mean: Num; standard_deviation: Num; seconds_per_step: Num; peak_bytes: Num }[]
  findings: string[]
  decision: string
  limits: string[]
}

export interface Figure { name: string; title: string; caption: string }
export interface Figures { version: string; figures: Figure[] }

export interface Attempt { trial: number; attempt: number; begin_seconds: number; end_seconds: number; outcome: string; reason: string }
export interface Timeline {
  start_unix_milliseconds: number
  seconds: number
  busy_seconds: Num
  lost_seconds: Num
  attempts: Record<string, number>
  workers: { owner: string; busy_seconds: number; waited_seconds: number; attempts: Attempt[] }[]
  marks: { kind: string; trial: number; at_seconds: number }[]
}

export interface LogEvent { id: number; at_unix_milliseconds: number; kind: string; trial: number; attempt: number; text: string }

export interface Bounds { low: Num; mid: Num; high: Num }
export interface InstancePlan {
  type: string
  region: string
  device: string
  devices: number
  count: number
  trial_hours: Bounds
  days: Num
  days_interval: Bounds
  price_per_hour: number
  total: Num
  total_interval: Bounds
  spot: { count: number; total: Num; total_interval: Bounds; days: Num } | null
  memory: { fits: boolean; device_bytes: number; device_has_bytes: number; host_bytes: number; host_has_bytes: number; change?: string } | null
  meets_deadline?: boolean
  within_budget?: boolean
  affordable_trials?: number
  commands: string[]
}
export interface Plan {
  name: string
  trials: number
  hours: Num
  hours_per_trial: Bounds
  basis: string
  currency: string
  prices_date: string
  memory?: { parameters: number; weight_bytes: number; activation_bytes: number; gpu_bytes: number; cpu_bytes: number; host_bytes: number }
  instances: InstancePlan[]
  cheapest: { type: string; market: string; count: number; days: Num; total: Num } | null
  fastest?: { type: string; market: string; count: number; days: Num; total: Num } | null
  notes: string[]
}

export interface DiagramBox {
  node: string
  text: string[]
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
  flop: Num
  receptive_field: number[] | null
}
export interface Diagram {
  width: number
  height: number
  boxes: DiagramBox[]
  arrows: { from: number; to: number; points: [number, number][]; label: string; label_x: number; label_y: number; label_centred: boolean }[]
}
export interface ModelFacts {
  title: string
  in_channels: number
  out_channels: number
  patch: Zyx
  batch: number
  parameters: number
  weight_bytes: number
  receptive_field_voxels: number[]
  flop_per_voxel: Num
  forward_flop: Num
  activation_bytes_training: Num
  activation_bytes_inference: Num
  legal_sizes: { smallest: number[]; step: number[] }
  output_size: number[]
  warnings: string[]
  assumed: string[]
  memory: { precision: string; training_bytes: Num; inference_bytes: Num }[]
  largest_patch: { device_bytes: number; patch: number[] | null }[]
  exact_halo: number[] | null
  toml: string
  command: string
  diagram?: Diagram
}

export interface DatasetSummary { id: string; name: string; root: number; file: string; cases: number; patients: number; modalities: string[]; error: string | null }
export interface ImageCell { state: 'present' | 'missing' | 'differs' | 'outside' | 'unreadable'; volume: string | null; frame?: number; reason?: string }
export interface CaseRow {
  index: number
  id: string
  patient: string
  scan: string
  shape_zyx: Zyx | null
  spacing_zyx_mm: number[] | null
  orientation: string
  warnings: string[]
  images: ImageCell[]
  label: ImageCell
  roi: ImageCell
}
export interface Dataset { id: string; name: string; modalities: string[]; labels: Record<string, number[]>; patients: string[]; cases: CaseRow[] }
export interface SamplingPreview {
  patches: number
  patch_zyx: Zyx
  training_cases: number
  all_cases: boolean
  classes: { class: string; expected_share: Num; realised_share: Num; voxel_share: Num }[]
  cases: { case: string; patches: number }[]
  warnings: string[]
  places: { case: number; corner_zyx: Zyx; centre_zyx: Zyx; class: Num }[]
}
export interface LabelCounts { case: number; voxels: Record<string, number>; voxel_ml: Num }

export interface VolumeFile { id: string; root: number; file: string; kind: string }
export interface Level { level: number; size_zyx: Zyx; factor_zyx: Zyx; stored: boolean }
export interface Volume {
  id: string
  name: string
  kind: string
  size_zyx: Zyx
  channels: number
  type: string
  spacing_zyx_mm: Zyx
  affine: number[][]
  orientation: string
  orientation_known: boolean
  uncompressed_bytes: number
  levels: Level[]
  tile: number
  labels: string[]
  label_volumes?: string[]
}
export interface Range { low: Num; high: Num; minimum: Num; maximum: Num; whole: boolean; integers: boolean }
