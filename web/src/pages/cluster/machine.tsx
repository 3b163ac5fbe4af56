// The machine that this server runs on.
import { server } from '../../api/live.ts'
import { bytes, plural } from '../../lib/format.ts'

export function Machine() {
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
