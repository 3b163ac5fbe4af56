// The start page: all experiments below the served folders, how far they are and how good.
import { experiments, experimentsError, readExperiments, rootName, server } from '../api/live.ts'
import type { Experiment } from '../api/types.ts'
import { cell, day, duration, fixed, grouped, isNumber, money, none, spread } from '../lib/format.ts'
import { DataTable } from '../parts/data_table.tsx'
import type { Column } from '../parts/table_model.ts'
import { over, State, TrialBar } from '../parts/progress.tsx'
import { Empty, Failure } from '../parts/states.tsx'
import { go, href, queryText, setQuery } from '../router.ts'
import { ImportToml } from './new/import_toml.tsx'

const good = (one: Experiment): boolean => one.state !== 'unreadable'

const result = (one: Experiment) => {
  if (!good(one)) return none
  if (one.strategy === 'leave-one-out' && one.mean) return spread(one.mean.value, one.mean.standard_deviation)
  if (!one.best) return none
  return <a href={href(['experiments', one.id, 'trials'], { trial: one.best.trial })} title={one.best.label}>{fixed(one.best.value, 3)} (#{one.best.trial})</a>
}

const spending = (one: Experiment): string => {
  if (isNumber(one.spent) || isNumber(one.cap)) return [money(one.spent, one.currency ?? ''), isNumber(one.cap) ? money(one.cap, one.currency ?? '') : ''].filter(Boolean).join(' / ')
  const cap = one.terms?.trial_hours
  return isNumber(cap) ? `${duration(one.busy_seconds)} / ${duration(3600 * cap)}` : duration(one.busy_seconds)
}

const columns: Column<Experiment>[] = [
  { id: 'name', head: 'name', width: 180, value: one => one.name, cell: one => <a href={href(['experiments', one.id])} title={`${rootName(one.root)}/${one.folder}`}>{one.name}</a> },
  { id: 'state', head: 'state', width: 95, value: one => one.state, cell: one => <State state={one.state} say={one.error ?? undefined} /> },
  { id: 'strategy', head: 'strategy', width: 115, value: one => one.strategy ?? '' },
  {
    id: 'progress', head: 'progress', width: 285, value: one => (good(one) ? over(one.trials) / Math.max(one.total_planned, 1) : null),
    cell: one => good(one)
      ? <span class="row"><TrialBar counts={one.trials} total={one.total_planned} /><span>{grouped(one.trials.complete + one.trials.pruned)}/{grouped(one.total_planned)}{one.trials.failed > 0 && <span class="bad"> · {one.trials.failed} failed</span>}</span></span>
      : <span class="bad cut">{one.error}</span>,
  },
  { id: 'best', head: 'best', width: 120, value: one => (one.strategy === 'leave-one-out' ? one.mean?.value : one.best?.value), cell: result, right: true, say: 'Best trial; of leave-one-out the mean over trials with all channels, ± standard deviation' },
  { id: 'metric', head: 'of', width: 60, value: one => one.metric ?? '' },
  { id: 'spent', head: 'spent / cap', width: 120, value: one => one.spent ?? one.busy_seconds, cell: spending, right: true, say: 'Money where experiments record a price, else the time that workers were busy' },
  { id: 'where', head: 'where', width: 70, value: one => one.where ?? '' },
  { id: 'eta', head: 'ETA', width: 80, value: one => one.eta_seconds, cell: one => duration(one.eta_seconds), right: true },
  { id: 'started', head: 'started', width: 100, value: one => one.created_unix_milliseconds, cell: one => day(one.created_unix_milliseconds) },
]

export function Experiments() {
  const all = experiments.value
  if (!all && experimentsError.value) return <Failure error={experimentsError.value} retry={() => void readExperiments()} />
  if (!all) return <p class="quiet pad" aria-busy="true">Reading …</p>
  const writable = server.value ? !server.value.read_only : false
  return (
    <>
      <div class="bar">
        <h1>Experiments</h1>
        <input type="search" placeholder="Filter" aria-label="Filter experiments" value={queryText('filter')} onInput={event => setQuery({ filter: event.currentTarget.value })} />
        <span class="grow" />
        <a href={href(['new'])}><button type="button" class="primary" tabIndex={-1}>New experiment</button></a>
        <ImportToml />
      </div>
      {all.length
        ? <DataTable label="Experiments" rows={all} columns={columns} rowKey={one => one.id} order={queryText('order')} onOrder={order => setQuery({ order })} filter={queryText('filter')}
            onOpen={one => go(['experiments', one.id])} mark={one => (good(one) ? '' : 'dim')} rowHeight={30} />
        : <Empty title="No experiment lies below the served folders yet." command="tomograd experiment run EXPERIMENT.toml">
            {writable ? 'Start one with New experiment, or from a terminal:' : 'This server is read only. Start one from a terminal:'}
          </Empty>}
      <p class="quiet small bar" hidden={!all.length}>{cell(all.length)} experiments in {server.value?.roots.map(root => root.name).join(', ')}</p>
    </>
  )
}
