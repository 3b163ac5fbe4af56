// One experiment: what it is, what one can do to it, and its tabs. Which tabs there are follows from its strategy.
import { api } from '../api/client.ts'
import { experiments } from '../api/live.ts'
import { useCalm, useResource } from '../api/resource.ts'
import type { ExperimentDetail } from '../api/types.ts'
import { lazy } from '../parts/lazy.tsx'
import { duration, fixed, grouped, spread } from '../lib/format.ts'
import { useKeys } from '../keyboard.ts'
import { over, State, TrialBar } from '../parts/progress.tsx'
import { Loaded } from '../parts/states.tsx'
import { go, href, queryText } from '../router.ts'
import { Controls } from './experiment/controls.tsx'
import { TrialsTab } from './experiment/trials.tsx'

const CurvesTab = lazy(() => import('./experiment/curves.tsx').then(m => m.CurvesTab))
const LeaveOneOutTab = lazy(() => import('./experiment/leave_one_out.tsx').then(m => m.LeaveOneOutTab))
const SearchTab = lazy(() => import('./experiment/search.tsx').then(m => m.SearchTab))
const TimelineTab = lazy(() => import('./experiment/timeline.tsx').then(m => m.TimelineTab))
const ReportTab = lazy(() => import('./experiment/report.tsx').then(m => m.ReportTab))
const SpecTab = lazy(() => import('./experiment/spec.tsx').then(m => m.SpecTab))
const LogTab = lazy(() => import('./experiment/log.tsx').then(m => m.LogTab))

export interface TabProps { experiment: ExperimentDetail; version: string }

const byChannel = (one: ExperimentDetail): boolean => ['leave-one-out', 'channel-dropout'].includes(one.strategy)
const tabs = [
  { id: 'trials', name: 'Trials', there: () => true, view: TrialsTab },
  { id: 'curves', name: 'Curves', there: (one: ExperimentDetail) => one.curve_names.length > 0, view: CurvesTab },
  { id: 'leave-one-out', name: 'Leave-one-out', there: byChannel, view: LeaveOneOutTab },
  { id: 'bayesian', name: 'Bayesian', there: (one: ExperimentDetail) => one.variables.length > 0, view: SearchTab },
  { id: 'timeline', name: 'Timeline', there: () => true, view: TimelineTab },
  { id: 'report', name: 'Report', there: () => true, view: ReportTab },
  { id: 'spec', name: 'Spec', there: () => true, view: SpecTab },
  { id: 'log', name: 'Log', there: () => true, view: LogTab },
]
// The tab of a search's charts is named after how the search is done.
const tabName = (id: string, name: string, one: ExperimentDetail): string => (id === 'bayesian' && one.strategy !== 'bayesian' ? 'Search' : name)

export function ExperimentPage({ id, tab }: { id: string; tab: string }) {
  // What streams in is newer than what was read; the whole is read again every other second at most.
  const live = experiments.value?.find(one => one.id === id)
  const version = useCalm(live?.version ?? '', 2000)
  const resource = useResource(`${id} ${version}`, () => api.experiment(id), id)
  return <Loaded of={resource}>{data => <Body experiment={live && live.state !== 'unreadable' ? { ...data, ...live } : data} tab={tab} version={version} reload={resource.reload} />}</Loaded>
}

function Body({ experiment, tab, version, reload }: { experiment: ExperimentDetail; tab: string; version: string; reload: () => void }) {
  const shown = experiment.state === 'unreadable' ? [] : tabs.filter(one => one.there(experiment))
  const current = shown.find(one => one.id === tab) ?? shown[0]
  const to = (id: string) => href(['experiments', experiment.id, id], { select: queryText('select') || null, filter: queryText('filter') || null })
  const step = (by: number) => () => {
    const index = shown.indexOf(current) + by
    if (shown[index]) go(['experiments', experiment.id, shown[index].id], { select: queryText('select'), filter: queryText('filter') })
  }
  useKeys('Experiment', [
    { key: '[', say: 'tab to the left', run: step(-1) },
    { key: ']', say: 'tab to the right', run: step(1) },
  ])
  const View = current?.view
  return (
    <>
      <div class="bar">
        <h1>{experiment.name}</h1>
        <State state={experiment.state} />
        {experiment.error && <span class="bad">{experiment.error}</span>}
        {experiment.trials && <Facts experiment={experiment} />}
        <span class="grow" />
        <Controls experiment={experiment} reload={reload} />
      </div>
      <nav class="tabs" aria-label="Tabs">
        {shown.map(one => <a key={one.id} href={to(one.id)} aria-current={one === current ? 'page' : undefined}>{tabName(one.id, one.name, experiment)}</a>)}
      </nav>
      {View && <View key={current.id} experiment={experiment} version={version} />}
    </>
  )
}

function Facts({ experiment }: { experiment: ExperimentDetail }) {
  const { trials, best, mean, metric, strategy } = experiment
  const result = strategy === 'leave-one-out' && mean ? `${metric} ${spread(mean.value, mean.standard_deviation)} with all channels` : best ? `best ${metric} ${fixed(best.value, 3)}` : ''
  return (
    <span class="row quiet">
      <TrialBar counts={trials} total={experiment.total_planned} />
      <span>{grouped(over(trials))} of {grouped(experiment.total_planned)}{trials.failed > 0 && <span class="bad"> · {trials.failed} failed</span>}</span>
      {result && <span>· {result}{best && strategy !== 'leave-one-out' && <> (<a href={href(['experiments', experiment.id, 'trials'], { trial: best.trial })}>trial {best.trial}</a>)</>}</span>}
      {experiment.eta_seconds !== null && experiment.eta_seconds !== undefined && <span>· {duration(experiment.eta_seconds)} to go</span>}
    </span>
  )
}
