// What one can do to an experiment. A button is there only when it would do something now; all of them are gone on a read-only server.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { server } from '../../api/live.ts'
import type { ExperimentDetail } from '../../api/types.ts'
import { plural } from '../../lib/format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { say } from '../../parts/notices.tsx'
import { useBusy } from '../../parts/use_busy.ts'

export function Controls({ experiment, reload }: { experiment: ExperimentDetail; reload: () => void }) {
  const [busy, attempt] = useBusy()
  const [dialog, setDialog] = useState<'stop' | 'extend' | 'duplicate' | 'note' | null>(null)
  if (!server.value || server.value.read_only || experiment.state === 'unreadable') return null
  const run = (work: () => Promise<unknown>, done: string) => attempt(async () => {
    await work()
    say(done)
    setDialog(null)
    reload()
  })
  const { id, state, trials } = experiment
  const open = trials.waiting + trials.preempted + trials.running > 0
  const going = state === 'running' || (state === 'waiting' && experiment.jobs.some(job => job.state === 'running'))
  return (
    <span class="row">
      {going && <button type="button" disabled={busy} title="Running trials save their state; Resume goes on where they were" onClick={() => run(() => api.stop(id), 'Asked to stop. Running trials save their state first.')}>Pause</button>}
      {!going && open && state !== 'stopping' && <button type="button" class="primary" disabled={busy} onClick={() => run(() => api.resume(id), 'Started.')}>Resume</button>}
      {(going || open) && <button type="button" disabled={busy} title="For good: what has not ended is cancelled" onClick={() => setDialog('stop')}>Stop</button>}
      {trials.failed > 0 && <button type="button" disabled={busy} onClick={() => run(() => api.retry(id, []), 'Failed trials wait again.')}>Retry {trials.failed} failed</button>}
      <button type="button" onClick={() => setDialog('extend')}>Extend</button>
      <button type="button" onClick={() => setDialog('duplicate')}>Duplicate</button>
      <button type="button" onClick={() => setDialog('note')}>Note</button>
      {dialog === 'stop' && <Stop experiment={experiment} busy={busy} onClose={() => setDialog(null)} run={run} />}
      {dialog === 'extend' && <Extend experiment={experiment} busy={busy} onClose={() => setDialog(null)} run={run} />}
      {dialog === 'duplicate' && <Duplicate experiment={experiment} busy={busy} onClose={() => setDialog(null)} run={run} />}
      {dialog === 'note' && <AddNote experiment={experiment} busy={busy} onClose={() => setDialog(null)} run={run} />}
    </span>
  )
}

interface DialogProps { experiment: ExperimentDetail; busy: boolean; onClose: () => void; run: (work: () => Promise<unknown>, done: string) => Promise<void> }

function Stop({ experiment: { id, name, trials }, busy, onClose, run }: DialogProps) {
  const waiting = trials.waiting + trials.preempted
  return (
    <Dialog title={`Stop ${name} for good`} onClose={onClose}>
      <p>{[trials.running > 0 && `${plural(trials.running, 'running trial')} ${trials.running === 1 ? 'ends' : 'end'} without saving`, waiting > 0 && `${plural(waiting, 'waiting trial')} ${waiting === 1 ? 'is' : 'are'} cancelled`].filter(Boolean).join('; ') || 'No further trial begins'}. Results that are there stay.</p>
      <p class="quiet small">Pause instead lets running trials save their state, and Resume goes on where they were; a trial that was cancelled does not come back.</p>
      <div class="row">
        <button type="button" class="primary" disabled={busy} onClick={() => run(() => api.cancel(id), `${name} is stopped.`)}>Stop for good</button>
        <button type="button" onClick={onClose}>Keep it</button>
      </div>
    </Dialog>
  )
}

const searches = ['random', 'bayesian']

function Extend({ experiment, busy, onClose, run }: DialogProps) {
  const search = searches.includes(experiment.strategy)
  const strategy = experiment.spec.strategy as { seeds?: number } | undefined
  const [number, setNumber] = useState(search ? experiment.total_planned * 2 : (strategy?.seeds ?? 1) + 1)
  const work = async () => {
    await api.extend(experiment.id, search ? { trials: number } : { seeds: number })
    await api.resume(experiment.id)
  }
  return (
    <Dialog title={`Extend ${experiment.name}`} onClose={onClose}>
      <label class="row">{search ? 'Trials in all' : 'Seeds per trial'} <input type="number" min={1} value={number} onInput={event => setNumber(event.currentTarget.valueAsNumber)} /></label>
      <p class="quiet small">{search ? `There are ${experiment.total_planned} now; the search goes on from what it knows.` : 'Every trial is repeated with further seeds; those that are there stay as they are.'}</p>
      <div class="row"><button type="button" class="primary" disabled={busy || !(number > 0)} onClick={() => run(work, 'Extended and started.')}>Extend and start</button></div>
    </Dialog>
  )
}

function Duplicate({ experiment, busy, onClose, run }: DialogProps) {
  const [name, setName] = useState(experiment.name + '-2')
  const [settings, setSettings] = useState('')
  const lines = settings.split('\n').map(line => line.trim()).filter(Boolean)
  return (
    <Dialog title={`Duplicate ${experiment.name}`} onClose={onClose}>
      <label class="stack">Name <input value={name} onInput={event => setName(event.currentTarget.value)} /></label>
      <label class="stack">What is different, one key=value a line <textarea rows={4} class="mono" placeholder="run.optimizer.learning_rate=0.001" value={settings} onInput={event => setSettings(event.currentTarget.value)} /></label>
      <p class="quiet small">Trials that are the same there as here take over the results.</p>
      <div class="row"><button type="button" class="primary" disabled={busy || !name} onClick={() => run(() => api.fork(experiment.id, name, lines), `${name} is there; Resume starts it.`)}>Duplicate</button></div>
    </Dialog>
  )
}

function AddNote({ experiment, busy, onClose, run }: DialogProps) {
  const [text, setText] = useState('')
  return (
    <Dialog title={`Note on ${experiment.name}`} onClose={onClose}>
      <textarea rows={3} aria-label="Note" value={text} onInput={event => setText(event.currentTarget.value)} />
      <div class="row"><button type="button" class="primary" disabled={busy || !text.trim()} onClick={() => run(() => api.note(experiment.id, 0, text.trim()), 'Noted.')}>Save</button></div>
    </Dialog>
  )
}
