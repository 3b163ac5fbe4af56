// What the page works with: the server's answers as answers.ts has them (made from the server's own list), and the few names of its own.
import type * as server from './answers.ts'

export type {
  Zyx, ServerFacts, TrialState, TrialCounts, RunTerms, Note, Variable, Job, SpecText, TrialColumn, Trials, Trial, Curve, Interval,
  ChannelOutcome, LeaveOneOut, SearchAxis, SearchPoint, Share, Search, Proposal, Expectations, SlurmShare, SlurmPartition, SlurmJob, SlurmFacts,
  WaitingTrials, Configuration, Report, Attempt, Timeline, LogEvent, Bounds, InstancePlan, Plan, DiagramBox, Diagram, ModelFacts, DatasetSummary,
  ImageCell, CaseFile, CaseRow, Dataset, SamplingPreview, LabelCounts, VolumeFile, Level, Volume, Range,
} from './answers.ts'

export type Num = number | null
/** What follows its state is not there for unreadable ones. */
export type ExperimentState = server.Experiment['state']
export type Experiment = Omit<server.ReadableExperiment, 'state' | 'error'> & { state: ExperimentState; error: string | null }
export type ExperimentDetail = Omit<server.ExperimentDetail, 'state' | 'error'> & { state: ExperimentState; error: string | null }
export type ClusterFacts = server.Cluster
export type Figures = server.FigureList
export type Figure = Figures['figures'][number]
export type ColumnKind = server.TrialColumn['kind']
