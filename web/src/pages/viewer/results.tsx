// Results laid over the case: any complete trial of any experiment; two of them can be compared.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { experiments } from '../../api/live.ts'
import { useResource } from '../../api/resource.ts'
import { trialsFor } from '../../lib/case_trials.ts'
import { setQuery } from '../../router.ts'

export interface ResultOf { experiment: string; trial: number }
const most = 4

const write = (all: ResultOf[]) => setQuery({ result: all.map(one => `${one.experiment}:${one.trial}`).join(',') || null }, false)

export function Results({ patient, now }: { patient: string; now: ResultOf[] }) {
  const all = (experiments.value ?? []).filter(one => one.state !== 'unreadable' && one.trials.complete > 0)
  const [experiment, setExperiment] = useState('')
  if (!all.length && !now.length) return null
  const name = (id: string) => all.find(one => one.id === id)?.name ?? id
  return (
    <section class="stack">
      <h3>Results</h3>
      {now.map(one => (
        <div class="row between small" key={`${one.experiment} ${one.trial}`}>
          <span class="cut">{name(one.experiment)}, trial {one.trial}</span>
          <button type="button" class="link" aria-label={`Take trial ${one.trial} away`} onClick={() => write(now.filter(other => other !== one))}>×</button>
        </div>
      ))}
      {now.length < most && (
        <select class="small" aria-label="Experiment whose result is laid over" value={experiment} onChange={event => setExperiment(event.currentTarget.value)}>
          <option value="">Lay a result over …</option>
          {all.map(one => <option key={one.id} value={one.id}>{one.name}</option>)}
        </select>
      )}
      {experiment && now.length < most && <TrialChoice experiment={experiment} patient={patient} now={now} onChoose={trial => { write([...now, { experiment, trial }]); setExperiment('') }} />}
    </section>
  )
}

const shownAtMost = 500

function TrialChoice({ experiment, patient, now, onChoose }: { experiment: string; patient: string; now: ResultOf[]; onChoose: (trial: number) => void }) {
  const trials = useResource(`trials ${experiment}`, () => api.trials(experiment))
  if (trials.error) return <p class="bad small">{trials.error instanceof Error ? trials.error.message : String(trials.error)}</p>
  if (!trials.data) return <p class="quiet small">Reading …</p>
  const choices = trialsFor(trials.data, patient).filter(one => !now.some(other => other.experiment === experiment && other.trial === one.trial)).slice(0, shownAtMost)
  const tested = choices.filter(one => one.tested), others = choices.filter(one => !one.tested)
  const options = (list: typeof choices) => list.map(one => <option key={one.trial} value={one.trial}>{one.say}</option>)
  return (
    <select class="small" aria-label="Trial whose result is laid over" value="" onChange={event => event.currentTarget.value && onChoose(Number(event.currentTarget.value))}>
      <option value="">Trial …</option>
      {tested.length > 0 && <optgroup label={`tested on ${patient}`}>{options(tested)}</optgroup>}
      {others.length > 0 && <optgroup label="tested on others">{options(others)}</optgroup>}
    </select>
  )
}
