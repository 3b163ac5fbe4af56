// One trial whole, beside the table: what it was, what came out, who worked on it, and its pictures.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { server } from '../../api/live.ts'
import { useResource } from '../../api/resource.ts'
import type { ExperimentDetail, Trial } from '../../api/types.ts'
import { classScores, otherMetrics } from '../../lib/case_metrics.ts'
import { flatten, type Table } from '../../lib/dotted.ts'
import { bytes, cell, day, duration, fixed, isNumber, money, none, stamp } from '../../lib/format.ts'
import { State } from '../../parts/progress.tsx'
import { report, say } from '../../parts/notices.tsx'
import { ScoreTable } from '../../parts/score_table.tsx'
import { copy, Loaded } from '../../parts/states.tsx'
import { href, setQuery } from '../../router.ts'
import { openInViewer } from '../viewer/address.ts'

export function TrialPanel({ experiment, trial, best }: { experiment: ExperimentDetail; trial: number; best: boolean }) {
  const resource = useResource(`trial ${experiment.id} ${trial} ${experiment.version}`, () => api.trial(experiment.id, trial), `${experiment.id} ${trial}`)
  return (
    <aside class="panel stack">
      <div class="row between">
        <h2>Trial {trial}{best && <span class="good"> · best</span>}</h2>
        <button type="button" class="link" aria-label="Close" onClick={() => setQuery({ trial: null })}>×</button>
      </div>
      <Loaded of={resource}>{one => <Facts experiment={experiment} one={one} reload={resource.reload} />}</Loaded>
    </aside>
  )
}

function Facts({ experiment, one, reload }: { experiment: ExperimentDetail; one: Trial; reload: () => void }) {
  const notes = experiment.notes.filter(note => note.trial === one.trial)
  return (
    <>
      <div class="row"><State state={one.state} />{one.reason && <span class="bad">{one.reason}</span>}</div>
      <div class="row">
        {experiment.curve_names.length > 0 && <a href={href(['experiments', experiment.id, 'curves'], { select: one.trial })}>Curves</a>}
        {one.predictions.length > 0 && <button type="button" class="link" onClick={() => void openInViewer(experiment.id, [one.trial])}>Open in viewer</button>}
      </div>
      <Values title="Settings" table={one.settings} exact />
      <Values title="Design" table={one.design} />
      <Values title="Result" table={otherMetrics(one.metrics)} />
      <ScoreTable {...classScores(one.metrics)} />
      <Values title="Time and memory" table={one.timing} />
      <section>
        <h3>Attempts</h3>
        {one.history.length === 0 && <p class="quiet">None yet.</p>}
        {isNumber(one.cost) && one.history.length > 0 && <p class="small">{money(one.cost, one.currency ?? '')} in all</p>}
        {one.history.map(attempt => (
          <p key={attempt.attempt} class="small">
            {attempt.attempt}. {attempt.owner} · {stamp(attempt.started_unix_milliseconds)}
            {attempt.ended_unix_milliseconds ? ` · ${duration((attempt.ended_unix_milliseconds - attempt.started_unix_milliseconds) / 1000)}` : ''} · {attempt.outcome}
            {attempt.reason && <span class="quiet"> · {attempt.reason}</span>}
          </p>
        ))}
      </section>
      {one.folder && <p class="small"><button type="button" class="link" title="Copy" onClick={() => void copy(one.folder)}>{one.folder}</button></p>}
      {notes.map(note => <p key={note.id} class="small">{day(note.at_unix_milliseconds)}: {note.text}</p>)}
      {server.value?.read_only === false && <NoteLine experiment={experiment.id} trial={one.trial} reload={reload} />}
    </>
  )
}

// Results are rounded, settings are told as they are.
const shown = (key: string, v: unknown, exact: boolean): string =>
  key === 'left_out' && v === '' ? 'nothing: all channels' : Array.isArray(v) && !v.length ? none : exact ? cell(v) : isNumber(v) && /bytes$/.test(key) ? bytes(v) : isNumber(v) && /(^|_)seconds$/.test(key) ? duration(v) : isNumber(v) && !Number.isInteger(v) && Math.abs(v) < 10 && Math.abs(v) > 1e-3 ? fixed(v, 4) : cell(v)

function Values({ title, table, exact = false }: { title: string; table: Table; exact?: boolean }) {
  const rows = flatten(table)
  if (!rows.length) return null
  const most = 24
  return (
    <section>
      <h3>{title}</h3>
      <dl class="facts small">{rows.slice(0, most).map(([key, v]) => [<dt key={key}>{key}</dt>, <dd key={key + '='}>{shown(key, v, exact)}</dd>])}</dl>
      {rows.length > most && (
        <details class="small"><summary class="quiet">{rows.length - most} more</summary>
          <dl class="facts small">{rows.slice(most).map(([key, v]) => [<dt key={key}>{key}</dt>, <dd key={key + '='}>{shown(key, v, exact)}</dd>])}</dl>
        </details>
      )}
    </section>
  )
}

function NoteLine({ experiment, trial, reload }: { experiment: string; trial: number; reload: () => void }) {
  const [text, setText] = useState('')
  const save = async (event: Event) => {
    event.preventDefault()
    if (!text.trim()) return
    try {
      await api.note(experiment, trial, text.trim())
      setText('')
      say('Noted.')
      reload()
    } catch (error) {
      report(error)
    }
  }
  return <form class="row" onSubmit={event => void save(event)}><input class="grow" placeholder="Note on this trial, Enter saves" aria-label="Note" value={text} onInput={event => setText(event.currentTarget.value)} /></form>
}
