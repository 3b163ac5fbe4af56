// All trials as a table; what is selected here is what the other tabs show.
import { useMemo } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { server } from '../../api/live.ts'
import { useResource } from '../../api/resource.ts'
import type { ExperimentDetail, Trials } from '../../api/types.ts'
import { csv } from '../../lib/csv.ts'
import { saveText } from '../../lib/download.ts'
import { matcher } from '../../lib/filter.ts'
import { grouped, isNumber, money, plural } from '../../lib/format.ts'
import { rangeNumbers, rangeText } from '../../lib/ranges.ts'
import { DataTable } from '../../parts/data_table.tsx'
import { report, say } from '../../parts/notices.tsx'
import { Loaded } from '../../parts/states.tsx'
import { href, queryText, setQuery } from '../../router.ts'
import { openInViewer } from '../viewer/address.ts'
import type { TabProps } from '../experiment.tsx'
import { TrialPanel } from './trial_panel.tsx'
import { mainColumn, place, trialColumns, type Row } from './trial_table.tsx'

export function TrialsTab({ experiment, version }: TabProps) {
  const resource = useResource(`trials ${experiment.id} ${version}`, () => api.trials(experiment.id), experiment.id)
  return <Loaded of={resource}>{trials => <TrialTable experiment={experiment} trials={trials} reload={resource.reload} />}</Loaded>
}

const spending = ({ spent, cap, currency, affordable_trials }: ExperimentDetail): string =>
  `${money(spent, currency ?? '')} spent${isNumber(cap) ? ` of ${money(cap, currency ?? '')}` : ''}${isNumber(affordable_trials) ? `, enough for ${plural(affordable_trials, 'more trial')}` : ''}`

function TrialTable({ experiment, trials, reload }: { experiment: ExperimentDetail; trials: Trials; reload: () => void }) {
  const main = mainColumn(trials)
  const curve = experiment.curve_names.find(name => main && name.endsWith(main.key)) ?? experiment.curve_names.find(name => name.startsWith('validation')) ?? experiment.curve_names[0]
  const columns = useMemo(() => trialColumns(experiment.id, trials, curve), [experiment.id, trials, curve])
  const filter = queryText('filter')
  const rows = useMemo(() => (filter ? trials.rows.filter(matcher(filter, trials.columns.map(column => column.key))) : trials.rows), [trials, filter])
  const selection = queryText('select')
  const selected = rangeNumbers(selection)
  const keys = useMemo(() => new Set(rangeNumbers(selection).map(String)), [selection])
  const open = Number(queryText('trial')) || 0
  const state = place(trials, 'state')
  const failed = selected.filter(number => trials.rows.find(row => row[0] === number)?.[state] === 'failed')
  const save = () => saveText(`${experiment.name}-trials.csv`, csv([trials.columns.map(column => column.key), ...rows.map(row => row.map(v => (v !== null && typeof v === 'object' ? JSON.stringify(v) : v)))]), 'text/csv')
  const retry = async () => {
    try {
      await api.retry(experiment.id, failed)
      say(`${plural(failed.length, 'trial')} started again.`)
      reload()
    } catch (error) {
      report(error)
    }
  }
  return (
    <>
      <div class="bar">
        <input type="search" class="grow" placeholder={`Filter: words, or conditions like state=failed ${main ? `${main.key}>0.7` : ''}`} aria-label="Filter trials" value={filter} onInput={event => setQuery({ filter: event.currentTarget.value })} />
        <span class="quiet">{rows.length < trials.rows.length ? `${plural(rows.length, 'row')} of ${grouped(trials.rows.length)}` : plural(trials.rows.length, 'trial')}</span>
        {isNumber(experiment.spent) && <span class="quiet" title="All attempts at the price of the last run, failed and lost ones too">{spending(experiment)}</span>}
        {selected.length > 0 && (
          <span class="row">
            <span>{selected.length} selected</span>
            {experiment.curve_names.length > 0 && <a href={href(['experiments', experiment.id, 'curves'], { select: rangeText(selected) })}>Curves</a>}
            {failed.length > 0 && !server.value?.read_only && <button type="button" onClick={() => void retry()}>Restart {failed.length} failed</button>}
            <button type="button" onClick={() => void openInViewer(experiment.id, selected.slice(0, 2))}>{selected.length > 1 ? 'Compare first two in viewer' : 'Open in viewer'}</button>
            <button type="button" class="link" onClick={() => setQuery({ select: null })}>Select none</button>
          </span>
        )}
        <button type="button" class="link small" onClick={save}>CSV</button>
      </div>
      <div class="fill trials">
        <DataTable<Row> label="Trials" rows={rows} columns={columns} rowKey={row => String(row[0])} order={queryText('order')} onOrder={order => setQuery({ order })}
          selected={keys} onSelect={next => setQuery({ select: rangeText([...next].map(Number)) })}
          onOpen={row => setQuery({ trial: Number(row[0]) })} mark={row => (row[0] === trials.best_trial ? 'best' : row[state] === 'cancelled' ? 'dim' : '')} />
        {open > 0 && <TrialPanel experiment={experiment} trial={open} best={trials.best_trial === open} />}
      </div>
    </>
  )
}
