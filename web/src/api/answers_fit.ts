// What the server answers (answers.ts, made from its own list) is what the page takes it for (types.ts): where it is not, the compiler says so here.
// Nothing of this file is left when it runs.
import type * as server from './answers.ts'
import type * as page from './types.ts'

type Fits<Server extends Page, Page> = [Server, Page]

export type Fitting = [
  Fits<server.ServerFacts, page.ServerFacts>,
  Fits<server.ReadableExperiment, page.Experiment>,
  Fits<server.ExperimentDetail, page.ExperimentDetail>,
  Fits<server.SpecText, page.SpecText>,
  Fits<server.Trials, page.Trials>,
  Fits<server.Trial, page.Trial>,
  Fits<server.Curve, page.Curve>,
  Fits<server.LeaveOneOut, page.LeaveOneOut>,
  Fits<server.Search, page.Search>,
  Fits<server.Expectations, page.Expectations>,
  Fits<server.Cluster, page.ClusterFacts>,
  Fits<server.Report, page.Report>,
  Fits<server.Timeline, page.Timeline>,
  Fits<server.LogEvent, page.LogEvent>,
  Fits<server.Job, page.Job>,
  Fits<server.Plan, page.Plan>,
  Fits<server.ModelFacts, page.ModelFacts>,
  Fits<server.DatasetSummary, page.DatasetSummary>,
  Fits<server.Dataset, page.Dataset>,
  Fits<server.LabelCounts, page.LabelCounts>,
  Fits<server.SamplingPreview, page.SamplingPreview>,
  Fits<server.VolumeFile, page.VolumeFile>,
  Fits<server.Volume, page.Volume>,
  Fits<server.Range, page.Range>,
]
