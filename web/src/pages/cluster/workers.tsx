// Who works on what now in one experiment, the memory that is promised to it and what trials took, and the time that came to nothing.
import { api } from '../../api/client.ts'
import { useCalm, useResource } from '../../api/resource.ts'
import type { Experiment, Timeline, Trials } from '../../api/types.ts'
import { bytes, cell, duration, percent, plural, stamp } from '../../lib/format.ts'
import { lostByCause } from '../../lib/lost_time.ts'
import { State } from '../../parts/progress.tsx'
import { Loaded } from '../../parts/states.tsx'
import { href } from '../../router.ts'
import { place } from '../experiment/trial_table.tsx'

export function Workers({ experiment }: { experiment: Experiment }) {
  const version = useCalm(experiment.version, 3000)
  const trials = useResource(`trials ${experiment.id} ${version}`, () => api.trials(experiment.id), experiment.id)
  const timeline = useResource(`timeline ${experiment.id} ${version}`, () => api.timeline(experiment.id), experiment.id)
  return (
    <section class="card stack">
      <div class="row"><a class="strong" href={href(['experiments', experiment.id])}>{experiment.name}</a><State state={experiment.state} /><span class="quiet">{experiment.where} · {plural(experiment.workers, 'worker')}{experiment.eta_seconds ? ` · ${duration(experiment.eta_seconds)} to go` : ''}</span></div>
      <Loaded of={trials}>{data => <Running experiment={experiment} trials={data} />}</Loaded>
      {timeline.data && <Lost timeline={timeline.data} />}
    </section>
  )
}

function Running({ experiment, trials }: { experiment: Experiment; trials: Trials }) {
  const at = (key: string) => place(trials, key)
  const rows = trials.rows.filter(row => row[at('state')] === 'running')
  if (!rows.length) return <p class="quiet">No trial runs at this moment.</p>
  return (
    <table class="plain">
      <thead><tr><th>worker</th><th class="right">trial</th><th class="right">attempt</th><th>since</th><th class="right">done</th><th /></tr></thead>
      <tbody>
        {rows.map(row => (
          <tr key={String(row[0])}>
            <td>{cell(row[at('owner')])}</td>
            <td class="right"><a href={href(['experiments', experiment.id, 'trials'], { trial: Number(row[0]) })}>{cell(row[0])}</a></td>
            <td class="right">{cell(row[at('attempts')])}</td>
            <td>{stamp(row[at('started_unix_milliseconds')] as number | null)}</td>
            <td class="right">{percent(Number(row[at('progress')] ?? 0))}</td>
            <td class="bad">{row[at('abandoned')] ? 'its worker is gone' : ''}</td>
          </tr>
        ))}
      </tbody>
      <caption class="quiet small">{memory(experiment, rows.length, trials)}</caption>
    </table>
  )
}

/** Promised by --max-memory, and what complete trials took at most. */
function memory(experiment: Experiment, running: number, trials: Trials): string {
  const each = experiment.terms?.memory_bytes, at = place(trials, 'peak_bytes')
  const peaks = trials.rows.map(row => row[at]).filter(v => typeof v === 'number') as number[]
  const most = peaks.reduce((a, b) => Math.max(a, b), 0)
  return [
    each ? `memory promised: ${bytes(each)} per worker, ${bytes(each * running)} now` : each === 0 ? 'no limit of memory was given to these workers' : '',
    most > 0 ? `used: up to ${bytes(most)} by a complete trial` : '',
  ].filter(Boolean).join(' · ')
}

function Lost({ timeline }: { timeline: Timeline }) {
  const causes = lostByCause(timeline)
  if (!causes.length) return null
  return <p class="small">Lost time: {causes.map(one => `${duration(one.seconds)} ${one.cause} (${one.attempts}×)`).join(', ')}; {percent((timeline.lost_seconds ?? 0) / (timeline.busy_seconds || 1), 1)} of the work.</p>
}
