// Cluster: partitions and queue, this machine, who works on what now, what was lost and why, what waits and until when, and what this page started.
import { api } from '../api/client.ts'
import { experiments, jobs } from '../api/live.ts'
import { useResource } from '../api/resource.ts'
import { Empty, Failure } from '../parts/states.tsx'
import { Jobs } from './cluster/jobs.tsx'
import { Machine } from './cluster/machine.tsx'
import { Slurm } from './cluster/slurm.tsx'
import { useTurn } from './cluster/turn.ts'
import { Waiting } from './cluster/waiting.tsx'
import { Workers } from './cluster/workers.tsx'

export function Cluster() {
  const all = (experiments.value ?? []).filter(one => one.state !== 'unreadable')
  const active = all.filter(one => ['running', 'stopping', 'lost'].includes(one.state))
  const turn = useTurn(5000)
  const cluster = useResource(`cluster ${turn}`, () => api.cluster(), 'cluster')
  const facts = cluster.data
  return (
    <>
      <div class="bar"><h1>Cluster</h1></div>
      <div class="pad stack">
        <Machine />
        {facts ? <Slurm facts={facts.slurm} /> : cluster.error ? <Failure error={cluster.error} retry={cluster.reload} /> : <p class="quiet" aria-busy="true">Asking for partitions and queue …</p>}
        <section class="stack">
          <h2>At work now</h2>
          {active.length ? active.map(one => <Workers key={one.id} experiment={one} />) : <p class="quiet">Nothing runs.</p>}
        </section>
        {facts && (
          <section class="stack">
            <h2>Waiting</h2>
            {facts.waiting.length ? <Waiting all={facts.waiting} now={facts.now_unix_milliseconds} /> : <p class="quiet">No trial waits.</p>}
          </section>
        )}
        <Jobs all={jobs.value} />
        {!all.length && <Empty title="No experiment is here whose work could be shown." command="tomograd experiment run EXPERIMENT.toml --on slurm" />}
      </div>
    </>
  )
}
