// Slurm: its partitions, and the jobs of this user in its queue. What could not be had is said beside what could.
import type { SlurmFacts, SlurmJob, SlurmPartition, SlurmShare } from '../../api/types.ts'
import { bytes, duration, grouped, isNumber, none, stamp } from '../../lib/format.ts'
import { slurmWord } from '../../lib/slurm_text.ts'

export function Slurm({ facts }: { facts: SlurmFacts }) {
  return (
    <section class="stack">
      <h2>Partitions</h2>
      {facts.troubles.map(line => <p key={line} class={facts.installed ? 'bad small' : 'quiet'}>{line}{/[.!?]$/.test(line) ? '' : '.'}</p>)}
      {facts.installed === false && <p class="quiet">Experiments run as processes of this machine; on a login node of a Slurm cluster its partitions and your queue stand here.</p>}
      {facts.partitions.length > 0 && <Partitions all={facts.partitions} />}
      {facts.installed && <h2>Queue</h2>}
      {facts.queue.length > 0 ? <Queue all={facts.queue} more={facts.more_queued} /> : facts.installed && <p class="quiet">{facts.queue_known ? 'You have no job in the queue.' : 'The queue is not known.'}</p>}
    </section>
  )
}

const busy = (share: SlurmShare) => <>{grouped(share.allocated)} / {grouped(share.total)}{share.other > 0 && <span class="bad" title="down, drained or reserved"> · {grouped(share.other)} out</span>}</>
const limit = (seconds: number | null): string => (isNumber(seconds) ? duration(seconds) : 'no limit')

const Partitions = ({ all }: { all: SlurmPartition[] }) => (
  <table class="plain" aria-label="Partitions">
    <thead><tr><th>partition</th><th>state</th><th class="right">nodes busy</th><th class="right">cores busy</th><th class="right">memory</th><th class="right">promised to jobs</th><th class="right">free</th><th class="right">GPUs</th><th class="right">time limit</th></tr></thead>
    <tbody>{all.map(one => (
      <tr key={one.name}>
        <td>{one.name}{one.default && <span class="quiet"> default</span>}</td><td class={one.state === 'up' ? '' : 'bad'}>{one.state}</td>
        <td class="right">{busy(one.nodes)}</td><td class="right">{busy(one.cpus)}</td>
        <td class="right">{bytes(one.memory_bytes)}</td><td class="right">{bytes(one.memory_promised_bytes)}</td><td class="right">{bytes(one.memory_free_bytes)}</td>
        <td class="right">{one.gpus || none}</td><td class="right">{limit(one.time_limit_seconds)}</td>
      </tr>
    ))}</tbody>
  </table>
)

const Queue = ({ all, more }: { all: SlurmJob[]; more: number }) => (
  <table class="plain" aria-label="Queue">
    <thead><tr><th>job</th><th>name</th><th>partition</th><th>state</th><th>waits for</th><th>array</th><th class="right">elapsed / limit</th><th class="right">cores</th><th class="right">memory</th><th class="right">starts</th></tr></thead>
    <tbody>{all.map(one => (
      <tr key={one.id}>
        <td>{one.id.replace(/_.*/, '')}</td><td>{one.name}</td><td>{one.partition}</td><td>{slurmWord(one.state)}</td><td class="wrap" title={one.reason}>{one.reason ? slurmWord(one.reason) : none}</td>
        <td class="wrap">{one.array || none}</td>
        <td class="right">{duration(one.elapsed_seconds)} / {limit(one.time_limit_seconds)}</td><td class="right">{one.cpus}</td><td class="right">{bytes(one.memory_bytes)}</td><td class="right">{stamp(one.starts_unix_milliseconds)}</td>
      </tr>
    ))}</tbody>
    {more > 0 && <caption class="quiet small">and {grouped(more)} more</caption>}
  </table>
)
