// Memory of one trial against this machine's.
import type { Plan } from '../../api/types.ts'
import { bytes, count } from '../../lib/format.ts'

export function MemoryCard({ plan, machine }: { plan: Plan; machine: number }) {
  const { memory } = plan
  if (!memory) return null
  const share = machine > 0 ? memory.cpu_bytes / machine : 0
  return (
    <div class="card stack">
      <dl class="facts">
        <dt>parameters</dt><dd>{count(memory.parameters)}</dd>
        <dt>memory per trial</dt><dd>{bytes(memory.cpu_bytes)} on a CPU · {bytes(memory.gpu_bytes)} on a GPU, {bytes(memory.host_bytes)} beside it</dd>
        <dt>this machine</dt><dd>{bytes(machine)} {share > 0.9 && <span class="bad">too little: a smaller patch or batch, or another machine</span>}</dd>
      </dl>
      {machine > 0 && <span class="progress" style={{ width: '100%' }}><i style={{ width: `${Math.min(share, 1) * 100}%`, background: share > 0.9 ? 'var(--bad)' : 'var(--accent)' }} /></span>}
    </div>
  )
}
