// New experiment: the run on the left, what differs between trials in the middle, what it will take on the right.
import { api } from '../api/client.ts'
import { datasetsChanged } from '../api/live.ts'
import { useResource } from '../api/resource.ts'
import { specOf } from '../api/schemas.ts'
import type { DatasetSummary } from '../api/types.ts'
import { SpecForm } from '../parts/spec_form.tsx'
import { Empty, Loaded } from '../parts/states.tsx'
import { change, draft, put, runOf } from './new/draft.ts'
import { ImportToml } from './new/import_toml.tsx'
import { PlanColumn } from './new/plan.tsx'
import { StrategyColumn } from './new/strategy.tsx'

export function NewExperiment() {
  const schema = useResource('run schema', () => specOf('run'))
  const datasets = useResource(`datasets ${datasetsChanged.value}`, api.datasets, 'datasets')
  const { spec } = draft.value
  const chosen = datasets.data?.datasets.find(one => one.file === (spec.data ?? runOf(spec).data))
  const dataset = useResource(chosen ? `dataset ${chosen.id}` : null, () => api.dataset(chosen!.id))
  return (
    <>
      <div class="bar"><h1>New experiment</h1><ImportToml /></div>
      <div class="columns three">
        <section class="stack">
          <h2>Run</h2>
          <Loaded of={datasets}>{answer => <DataChoice all={answer.datasets} chosen={chosen} />}</Loaded>
          {spec.trial !== undefined && <p class="card">The trial is a program of its own: <code>{JSON.stringify((spec.trial as { command?: unknown }).command)}</code></p>}
          {typeof spec.run === 'string'
            ? <p class="card">The run is the file <code>{spec.run}</code>. <button type="button" class="link" onClick={() => put('run', {})}>Write it here instead</button></p>
            : spec.trial === undefined && <Loaded of={schema}>{({ fields }) => <SpecForm fields={fields.filter(field => !['format', 'data', 'out'].includes(field.path))} value={runOf(spec)} onChange={run => change({ spec: { ...spec, run } })} />}</Loaded>}
        </section>
        <StrategyColumn dataset={dataset.data ?? null} />
        <PlanColumn data={dataset.data ? { channels: dataset.data.modalities, patients: dataset.data.patients } : null} />
      </div>
    </>
  )
}

function DataChoice({ all, chosen }: { all: DatasetSummary[]; chosen: DatasetSummary | undefined }) {
  const { spec } = draft.value
  const now = String(spec.data ?? runOf(spec).data ?? '')
  if (!all.length && !now) return <Empty title="No dataset lies below the served folders." command="tomograd import SCANS --out dataset.json" />
  const choose = (file: string) => {
    const one = all.find(dataset => dataset.file === file)
    const { data: _, ...run } = runOf(spec)
    change({ root: one?.root ?? draft.value.root, spec: { ...spec, data: file, ...(typeof spec.run === 'string' ? {} : { run }) } })
  }
  return (
    <label class="row">Data
      <select class="grow" value={now} onChange={event => choose(event.currentTarget.value)}>
        {!chosen && <option value={now}>{now || 'choose a dataset'}</option>}
        {all.map(one => <option key={one.id} value={one.file}>{one.name} · {one.cases} cases · {one.modalities.join(' ')}</option>)}
      </select>
    </label>
  )
}
