// What happened to the experiment, newest first.
import { useMemo } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import type { LogEvent } from '../../api/types.ts'
import { stateColour } from '../../lib/colour.ts'
import { moment, none } from '../../lib/format.ts'
import { DataTable } from '../../parts/data_table.tsx'
import { Empty, Loaded } from '../../parts/states.tsx'
import type { Column } from '../../parts/table_model.ts'
import { href, queryText, setQuery } from '../../router.ts'
import type { TabProps } from '../experiment.tsx'

const stamp = (at: number): string => {
  const date = moment(at)
  return date ? `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')} ${date.toTimeString().slice(0, 8)}` : none
}

const columnsOf = (id: string): Column<LogEvent>[] => [
  { id: 'at', head: 'time', width: 160, value: one => one.at_unix_milliseconds, cell: one => stamp(one.at_unix_milliseconds) },
  { id: 'kind', head: 'event', width: 120, value: one => one.kind, cell: one => <span class="badge"><i class="swatch" style={{ background: stateColour[one.kind] ?? 'var(--line)' }} />{one.kind}</span> },
  { id: 'trial', head: 'trial', width: 70, right: true, value: one => one.trial || null, cell: one => (one.trial ? <a href={href(['experiments', id, 'trials'], { trial: one.trial })}>{one.trial}</a> : none) },
  { id: 'attempt', head: 'attempt', width: 80, right: true, value: one => one.attempt || null },
  { id: 'text', head: 'what', width: 400, value: one => one.text, cell: one => <span title={one.text}>{one.text}</span> },
]

export function LogTab({ experiment, version }: TabProps) {
  const limit = Number(queryText('limit', '1000'))
  const resource = useResource(`log ${experiment.id} ${version} ${limit}`, () => api.log(experiment.id, limit), experiment.id)
  const columns = useMemo(() => columnsOf(experiment.id), [experiment.id])
  return (
    <Loaded of={resource}>{({ events }) => (events.length
      ? <>
          <div class="bar">
            <input type="search" placeholder="Filter: failed, lost, worker …" aria-label="Filter events" value={queryText('filter')} onInput={event => setQuery({ filter: event.currentTarget.value })} />
            <span class="quiet">{events.length} newest events</span>
            {events.length >= limit && <button type="button" onClick={() => setQuery({ limit: limit * 10 })}>Read more</button>}
          </div>
          {experiment.jobs.filter(job => job.state === 'failed').map(job => <details key={job.job} class="pad"><summary class="bad">Job {job.job} ({job.kind}) ended with {job.exit_code ?? 'a signal'}</summary><pre class="toml">{job.output}</pre></details>)}
          <DataTable label="Events" rows={events} columns={columns} rowKey={one => String(one.id)} order={queryText('order')} onOrder={order => setQuery({ order })} filter={queryText('filter')} />
        </>
      : <Empty title="Nothing happened yet." />)}</Loaded>
  )
}
