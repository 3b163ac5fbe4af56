// What the experiment will take: trials, hours, machines, money, memory; and the buttons that start or save it.
import { api } from '../../api/client.ts'
import { rootName, server } from '../../api/live.ts'
import { useResource, useSettled } from '../../api/resource.ts'
import type { Plan } from '../../api/types.ts'
import { saveText } from '../../lib/download.ts'
import { fixed, grouped } from '../../lib/format.ts'
import { factors, factorText, product, type DataFacts } from '../../lib/trial_count.ts'
import { say } from '../../parts/notices.tsx'
import { Command, Failure } from '../../parts/states.tsx'
import { useBusy } from '../../parts/use_busy.ts'
import { go, queryText, setQuery } from '../../router.ts'
import { change, clearDraft, draft, draftToml } from './draft.ts'
import { Instances } from './instances.tsx'
import { MemoryCard } from './memory_card.tsx'

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
      <Start toml={toml} ready={!plan.error && !!plan.data && plan.data.trials > 0} />
    </section>
  )
}

// The server takes 4 hours where none are given, and calls them stated too.
const basis = ({ basis: text, hours_per_trial: { mid } }: Plan, given: boolean): string =>
  text === 'measured' ? 'Hours per trial were measured on this machine.'
  : text === 'max_seconds' ? 'Hours per trial are the run’s max_seconds.'
  : given ? 'Hours per trial as given.'
  : `${fixed(mid, 0)} hours per trial are assumed: give them above, or measure them with tomograd plan.`

const places = [{ id: 'local', name: 'local' }, { id: 'slurm', name: 'SLURM' }]

function Start({ toml, ready }: { toml: string; ready: boolean }) {
  const [busy, attempt] = useBusy()
  const on = queryText('on') === 'slurm' ? 'slurm' : 'local'
  const { name, root } = draft.value
  const roots = server.value?.roots ?? []
  const legal = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)
  const start = () => attempt(async () => {
    await api.create({ toml, root, name, workers: 0, start: true })
    say(`${name} is started; it appears in the list when its trials are planned.`)
    clearDraft()
    go(['experiments'])
  })
  const command = `tomograd experiment run ${name || 'experiment'}.toml${on === 'slurm' ? ' --on slurm' : ''}`
  // The scheduler is asked by the host that one submits from, which need not be this one.
  const write = () => attempt(async () => {
    const { spec } = await api.create({ toml, root, name, workers: 0, start: false })
    say(`${rootName(root)}/${spec} is written; start it with ${command}`)
  })
  return (
    <section class="card stack">
      <label class="row">Name <input class="grow" value={name} aria-invalid={!!name && !legal} placeholder="hn-loo" onInput={event => change({ name: event.currentTarget.value })} /></label>
      {!!name && !legal && <span class="bad small">Letters, digits, “-”, “_” and “.”</span>}
      {roots.length > 1 && <label class="row">Folder <select value={root} onChange={event => change({ root: Number(event.currentTarget.value) })}>{roots.map(one => <option key={one.root} value={one.root}>{one.name}</option>)}</select></label>}
      <div class="row">
        {!server.value?.read_only && (
          <>
            <label>Start on <select aria-label="Start on" value={on} onChange={event => setQuery({ on: event.currentTarget.value === 'local' ? null : event.currentTarget.value })}>{places.map(one => <option key={one.id} value={one.id}>{one.name}</option>)}</select></label>
            {on === 'local' && <button type="button" class="primary" disabled={busy || !legal || !ready} onClick={() => void start()}>Start</button>}
            {on === 'slurm' && <button type="button" class="primary" disabled={busy || !legal || !ready} title="Written into the folder; a terminal on the cluster starts it" onClick={() => void write()}>Write spec</button>}
          </>
        )}
        <button type="button" onClick={() => saveText(`${name || 'experiment'}.toml`, toml, 'application/toml')}>Save TOML</button>
        <button type="button" class="link" onClick={clearDraft}>Clear</button>
      </div>
      {server.value?.read_only && <p class="quiet small">This server is read only: save the TOML and start it from a terminal.</p>}
      {!server.value?.read_only && <p class="quiet small">{on === 'slurm' ? `Written to ${rootName(root)}/${name || 'NAME'}.toml. The host that submits owns the trials; there:` : `Written to ${rootName(root)}/${name || 'NAME'}.toml and started, as by`}</p>}
      <Command text={command} />
      <details><summary class="quiet small">TOML</summary><pre class="toml">{toml}</pre></details>
    </section>
  )
}
