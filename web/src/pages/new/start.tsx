// The buttons that start or save an experiment, and on what terms it is started: here, or from here on a Slurm that this host can ask.
import { api } from '../../api/client.ts'
import { rootName, server } from '../../api/live.ts'
import { useResource } from '../../api/resource.ts'
import { saveText } from '../../lib/download.ts'
import { termNames, termsBody, termsOptions, wrongTerm, type Terms } from '../../lib/run_terms.ts'
import { say } from '../../parts/notices.tsx'
import { Command } from '../../parts/states.tsx'
import { useBusy } from '../../parts/use_busy.ts'
import { go, queryText, setQuery } from '../../router.ts'
import { useTurn } from '../cluster/turn.ts'
import { change, clearDraft, draft } from './draft.ts'

const places = [{ id: 'local', name: 'local' }, { id: 'slurm', name: 'SLURM' }]

export function Start({ toml, ready, types, budget }: { toml: string; ready: boolean; types: string[]; budget: string }) {
  const [busy, attempt] = useBusy()
  const terms: Terms = { ...(Object.fromEntries(termNames.map(name => [name, queryText(name)])) as Record<(typeof termNames)[number], string>), on: queryText('on') === 'slurm' ? 'slurm' : 'local', budget }
  const here = useSlurm(terms.on === 'slurm')
  const { name, root } = draft.value
  const roots = server.value?.roots ?? []
  const legal = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name), wrong = wrongTerm(terms)
  const able = !busy && legal && ready && !wrong
  const start = () => attempt(async () => {
    await api.create({ toml, root, name, workers: 0, start: true, terms: termsBody(terms) })
    say(`${name} is started; it appears in the list when its trials are planned.`)
    clearDraft()
    go(['experiments'])
  })
  const command = `tomograd experiment run ${name || 'experiment'}.toml${termsOptions(terms)}`
  const write = () => attempt(async () => {
    const { spec } = await api.create({ toml, root, name, workers: 0, start: false })
    say(`${rootName(root)}/${spec} is written; start it with ${command}`)
  })
  const readOnly = !!server.value?.read_only, starts = terms.on === 'local' || here.installed
  const written = `Written to ${rootName(root)}/${name || 'NAME'}.toml`
  return (
    <section class="card stack">
      <label class="row">Name <input class="grow" value={name} aria-invalid={!!name && !legal} placeholder="hn-loo" onInput={event => change({ name: event.currentTarget.value })} /></label>
      {!!name && !legal && <span class="bad small">Letters, digits, “-”, “_” and “.”</span>}
      {roots.length > 1 && <label class="row">Folder <select value={root} onChange={event => change({ root: Number(event.currentTarget.value) })}>{roots.map(one => <option key={one.root} value={one.root}>{one.name}</option>)}</select></label>}
      {!readOnly && <label class="row">Start on <select aria-label="Start on" value={terms.on} onChange={event => setQuery({ on: event.currentTarget.value === 'local' ? null : event.currentTarget.value })}>{places.map(one => <option key={one.id} value={one.id}>{one.name}</option>)}</select></label>}
      {!readOnly && <TermFields terms={terms} types={types} queues={here.queues} />}
      {wrong && <span class="bad small">{wrong}: a number above 0</span>}
      <div class="row">
        {!readOnly && starts && <button type="button" class="primary" disabled={!able} onClick={() => void start()}>Start</button>}
        {!readOnly && !starts && <button type="button" class="primary" disabled={!able} title="Written into the folder; a terminal on the cluster starts it" onClick={() => void write()}>Write spec</button>}
        <button type="button" onClick={() => saveText(`${name || 'experiment'}.toml`, toml, 'application/toml')}>Save TOML</button>
        <button type="button" class="link" onClick={clearDraft}>Clear</button>
      </div>
      <p class="quiet small">{readOnly ? 'This server is read only: save the TOML and start it from a terminal.' : starts ? `${written} and started, as by` : `${here.sentence} ${written}; where one submits from:`}</p>
      <Command text={command} />
      <details><summary class="quiet small">TOML</summary><pre class="toml">{toml}</pre></details>
    </section>
  )
}

function TermFields({ terms, types, queues }: { terms: Terms; types: string[]; queues: string[] }) {
  const set = (name: (typeof termNames)[number]) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => setQuery({ [name]: event.currentTarget.value || null })
  return (
    <div class="row small">
      {terms.on === 'slurm' && (
        <>
          <label>partition <input type="text" size={8} list="partitions" placeholder="default" value={terms.queue} onInput={set('queue')} /></label>
          <datalist id="partitions">{queues.map(one => <option key={one} value={one} />)}</datalist>
          <label>GPUs each <input type="text" inputMode="numeric" size={2} placeholder="0" value={terms.gpus} onInput={set('gpus')} /></label>
          <label title="A worker then waits in the queue again">hours each <input type="text" inputMode="decimal" size={3} placeholder="queue’s" value={terms.each} onInput={set('each')} /></label>
          <label title="Address of this host at which workers reach it">reached at <input type="text" size={10} placeholder="127.0.0.1" value={terms.listen} onInput={set('listen')} /></label>
        </>
      )}
      <label title="Of work, of all workers together: no trial starts that is expected to go beyond">hours in all <input type="text" inputMode="decimal" size={4} value={terms.within} onInput={set('within')} /></label>
      <label title="Outside of these hours running trials save their state and wait">between <input type="text" size={10} placeholder="19:00-07:00" value={terms.between} onInput={set('between')} /></label>
      <label title="What an hour of a worker costs">priced as <select value={terms.instance} onChange={set('instance')}><option value="">nothing</option>{[...new Set([...types, ...(terms.instance ? [terms.instance] : [])])].map(one => <option key={one}>{one}</option>)}</select></label>
      {terms.instance && (terms.budget ? <span class="quiet">no trial starts beyond the budget of {terms.budget}</span> : <span class="quiet">a budget above would be kept</span>)}
    </div>
  )
}

// Known after the first answer; the queue itself is not asked for while nothing is to be started there.
function useSlurm(wanted: boolean): { installed: boolean; queues: string[]; sentence: string } {
  const turn = useTurn(5000)
  const facts = useResource(wanted ? `slurm ${turn}` : null, () => api.cluster(), 'slurm').data?.slurm
  const installed = !!facts?.installed
  return { installed, queues: facts?.partitions.map(one => one.name) ?? [], sentence: facts?.installed === false ? 'No Slurm is on this host.' : installed ? '' : 'Slurm has not answered yet.' }
}
