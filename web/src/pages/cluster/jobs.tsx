// What this page has started.
import type { Job } from '../../api/types.ts'
import { stamp } from '../../lib/format.ts'
import { State } from '../../parts/progress.tsx'
import { href } from '../../router.ts'

export function Jobs({ all }: { all: Job[] }) {
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
