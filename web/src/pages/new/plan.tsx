// What the experiment will take: trials, hours, machines, money, memory.
import { api } from '../../api/client.ts'
import { server } from '../../api/live.ts'
import { useResource, useSettled } from '../../api/resource.ts'
import type { Plan } from '../../api/types.ts'
import { fixed, grouped } from '../../lib/format.ts'
import { factors, factorText, product, type DataFacts } from '../../lib/trial_count.ts'
import { Failure } from '../../parts/states.tsx'
import { queryText, setQuery } from '../../router.ts'
import { draft, draftToml } from './draft.ts'
import { Instances } from './instances.tsx'
import { MemoryCard } from './memory_card.tsx'
import { Start } from './start.tsx'

export interface Question { hours: string; count: string; deadline: string; budget: string; market: string }

export function PlanColumn({ data }: { data: DataFacts | null }) {
  const question: Question = { hours: queryText('hours'), count: queryText('count'), deadline: queryText('deadline'), budget: queryText('budget'), market: queryText('market', 'any') }
  const toml = draftToml(draft.value)
  const body = {
    toml, root: draft.value.root, market: question.market,
    ...(Number(question.hours) > 0 ? { hours_per_trial: Number(question.hours) } : {}),
    ...(Number(question.count) > 0 ? { count: Number(question.count) } : {}),
    ...(question.deadline ? { deadline: question.deadline } : {}),
    ...(Number(question.budget) > 0 ? { budget: Number(question.budget) } : {}),
  }
  const key = useSettled(JSON.stringify(body), 400)
  const plan = useResource(key, () => api.plan(JSON.parse(key) as Record<string, unknown>), 'plan')
  const all = factors(draft.value.spec, data)
  const parts = all.every(one => one.count > 0) && (data || all.every(one => one.name !== 'channel sets')) ? all : []
  const set = (name: keyof Question) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => setQuery({ [name]: event.currentTarget.value === 'any' ? null : event.currentTarget.value })
  return (
    <section class="stack">
      <h2>Plan</h2>
      <p class="strong">{parts.length > 0 && `${factorText(parts)} = `}{plan.data && !plan.error ? `${grouped(plan.data.trials)} trials` : parts.length ? `${grouped(product(parts))} trials` : '…'}{plan.loading && <span class="quiet"> …</span>}</p>
      <div class="row small">
        <label>hours per trial <input type="text" inputMode="decimal" size={4} placeholder="4" value={question.hours} onInput={set('hours')} /></label>
        <label>machines <input type="text" inputMode="numeric" size={3} placeholder="auto" value={question.count} onInput={set('count')} /></label>
        <label>deadline <input type="text" size={5} placeholder="48h" value={question.deadline} onInput={set('deadline')} /></label>
        <label>budget <input type="text" inputMode="decimal" size={6} value={question.budget} onInput={set('budget')} /></label>
        <label>market <select value={question.market} onChange={set('market')}>{['any', 'on-demand', 'spot'].map(one => <option key={one}>{one}</option>)}</select></label>
      </div>
      {plan.error ? <Failure error={plan.error} /> : plan.data && (
        <>
          <p class="quiet small">{basis(plan.data, !!body.hours_per_trial)}</p>
          {plan.data.memory && <MemoryCard plan={plan.data} machine={server.value?.memory_bytes ?? 0} />}
          <Instances plan={plan.data} />
          {plan.data.notes.length > 0 && <ul class="quiet small">{plan.data.notes.map(note => <li key={note}>{note}</li>)}</ul>}
        </>
      )}
      <Start toml={toml} ready={!plan.error && !!plan.data && plan.data.trials > 0} types={plan.data?.instances.map(one => one.type) ?? []} budget={question.budget} />
    </section>
  )
}

// The server takes 4 hours where none are given, and calls them stated too.
const basis = ({ basis: text, hours_per_trial: { mid } }: Plan, given: boolean): string =>
  text === 'measured' ? 'Hours per trial were measured on this machine.'
  : text === 'max_seconds' ? 'Hours per trial are the run’s max_seconds.'
  : given ? 'Hours per trial as given.'
  : `${fixed(mid, 0)} hours per trial are assumed: give them above, or measure them with tomograd plan.`
