// Cluster: this machine, who works on what now, what was lost and why, what waits, and what this page started.
import { api } from '../api/client.ts'
import { experiments, jobs, rootName, server } from '../api/live.ts'
import { useCalm, useResource } from '../api/resource.ts'
import type { Experiment, Job, Timeline, Trials } from '../api/types.ts'
import { bytes, cell, duration, percent, plural, stamp } from '../lib/format.ts'
import { lostByCause } from '../lib/lost_time.ts'
import { State } from '../parts/progress.tsx'
import { Command, Empty, Loaded } from '../parts/states.tsx'
import { href } from '../router.ts'
import { place } from './experiment/trial_table.tsx'

export function Cluster() {
  const all = (experiments.value ?? []).filter(one => one.state !== 'unreadable')
  const active = all.filter(one => ['running', 'stopping', 'lost'].includes(one.state))
  const waiting = all.filter(one => one.trials.waiting + one.trials.preempted > 0)
  return (
    <>
      <div class="bar"><h1>Cluster</h1></div>
      <div class="pad stack">
        <Machine />
        <section class="stack">
          <h2>At work now</h2>
          {active.length ? active.map(one => <Workers key={one.id} experiment={one} />) : <p class="quiet">Nothing runs.</p>}
        </section>
        <section class="stack">
          <h2>Waiting</h2>
          {waiting.length ? <Queue all={waiting} /> : <p class="quiet">No trial waits.</p>}
        </section>
        <Jobs all={jobs.value} />
        {!all.length && <Empty title="No experiment is here whose work could be shown." command="tomograd experiment run EXPERIMENT.toml --on slurm" />}
      </div>
    </>
  )
}

function Machine() {
  const facts = server.value
  if (!facts) return null
  return (
    <section class="card">
      <dl class="facts">
        <dt>this machine</dt><dd>{plural(facts.cores, 'core')}, {facts.gpus ? plural(facts.gpus, 'GPU') : 'no GPU'}, {bytes(facts.memory_bytes)}</dd>
        <dt>folders</dt><dd>{facts.roots.map(root => root.name).join(', ')}</dd>
        <dt>version</dt><dd>{facts.version}</dd>
      </dl>
    </section>
  )
}

function Workers({ experiment }: { experiment: Experiment }) {
  const version = useCalm(experiment.version, 3000)
  const trials = useResource(`trials ${experiment.id} ${version}`, () => api.trials(experiment.id), experiment.id)
  const timeline = useResource(`timeline ${experiment.id} ${version}`, () => api.timeline(experiment.id), experiment.id)
  return (
    <section class="card stack">
      <div class="row"><a class="strong" href={href(['experiments', experiment.id])}>{experiment.name}</a><State state={experiment.state} /><span class="quiet">{experiment.where} · {plural(experiment.workers, 'worker')}{experiment.eta_seconds ? ` · ${duration(experiment.eta_seconds)} to go` : ''}</span></div>
      <Loaded of={trials}>{data => <Running id={experiment.id} trials={data} />}</Loaded>
      {timeline.data && <Lost timeline={timeline.data} />}
    </section>
  )
}

function Running({ id, trials }: { id: string; trials: Trials }) {
  const at = (key: string) => place(trials, key)
  const rows = trials.rows.filter(row => row[at('state')] === 'running')
  const peaks = trials.rows.map(row => row[at('peak_bytes')]).filter(v => typeof v === 'number')
  if (!rows.length) return <p class="quiet">No trial runs at this moment.</p>
  return (
    <table class="plain">
      <thead><tr><th>worker</th><th class="right">trial</th><th class="right">attempt</th><th>since</th><th class="right">done</th><th /></tr></thead>
      <tbody>
        {rows.map(row => (
          <tr key={String(row[0])}>
            <td>{cell(row[at('owner')])}</td>
            <td class="right"><a href={href(['experiments', id, 'trials'], { trial: Number(row[0]) })}>{cell(row[0])}</a></td>
            <td class="right">{cell(row[at('attempts')])}</td>
            <td>{stamp(row[at('started_unix_milliseconds')] as number | null)}</td>
            <td class="right">{percent(Number(row[at('progress')] ?? 0))}</td>
            <td class="bad">{row[at('abandoned')] ? 'its worker is gone' : ''}</td>
          </tr>
        ))}
      </tbody>
      {peaks.length > 0 && <caption class="quiet small">complete trials used up to {bytes(Math.max(...(peaks as number[])))}</caption>}
    </table>
  )
}

function Lost({ timeline }: { timeline: Timeline }) {
  const causes = lostByCause(timeline)
  if (!causes.length) return null
  return <p class="small">Lost time: {causes.map(one => `${duration(one.seconds)} ${one.cause} (${one.attempts}×)`).join(', ')}; {percent((timeline.lost_seconds ?? 0) / (timeline.busy_seconds || 1), 1)} of the work.</p>
}

const Queue = ({ all }: { all: Experiment[] }) => (
  <table class="plain">
    <thead><tr><th>experiment</th><th>state</th><th class="right">waiting</th><th>goes on with</th></tr></thead>
    <tbody>{all.map(one => (
      <tr key={one.id}>
        <td><a href={href(['experiments', one.id])}>{one.name}</a></td><td><State state={one.state} /></td><td class="right">{one.trials.waiting + one.trials.preempted}</td>
        <td>{one.state === 'running' ? <span class="quiet">it runs</span> : <Command text={`tomograd experiment resume ${rootName(one.root)}/${one.folder}`} />}</td>
      </tr>
    ))}</tbody>
  </table>
)

function Jobs({ all }: { all: Job[] }) {
  if (!all.length) return null
  return (
    <section class="stack">
      <h2>Started from this page</h2>
      {all.map(job => (
        <details key={job.job} class="card">
          <summary><span class="row"><State state={job.state} /> {job.kind} {job.experiment ? <a href={href(['experiments', job.experiment])}>{job.name}</a> : job.name} <span class="quiet">{stamp(job.started_unix_milliseconds)}{job.exit_code !== null && job.exit_code !== 0 ? ` · exit ${job.exit_code}` : ''}</span></span></summary>
          <pre class="toml">{job.output || 'No output yet.'}</pre>
        </details>
      ))}
    </section>
  )
}
