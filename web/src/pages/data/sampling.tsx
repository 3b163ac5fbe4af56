// Sampling preview: where the first patches of a run would fall, and which share of them each class gets. The run begins as that of the experiment
// which is being written, and what is changed here stays in this page's address; the split is this page's.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { useResource } from '../../api/resource.ts'
import { specOf } from '../../api/schemas.ts'
import type { Dataset, SamplingPreview } from '../../api/types.ts'
import { categorical } from '../../lib/colour.ts'
import { get, merged, set, type Json } from '../../lib/dotted.ts'
import { grouped, percent, plural, size } from '../../lib/format.ts'
import type { Field } from '../../lib/schema.ts'
import { specFrom, specText } from '../../lib/spec_query.ts'
import { runWith } from '../../lib/subset.ts'
import { writeToml } from '../../lib/toml.ts'
import { FieldInput } from '../../parts/field_input.tsx'
import { Loaded } from '../../parts/states.tsx'
import { useBusy } from '../../parts/use_busy.ts'
import { queryText, setQuery } from '../../router.ts'
import { draft, runOf } from '../new/draft.ts'
import { PatchPlaces } from './places.tsx'

const asked = ['sampling.patch', 'sampling.foreground', 'sampling.min_fraction', 'sampling.epoch_patches']
const names = (key: string): string[] => queryText(key).split(',').filter(Boolean)

export function SamplingPanel({ dataset }: { dataset: Dataset }) {
  const schema = useResource('run schema', () => specOf('run'))
  const [preview, setPreview] = useState<{ of: string; data: SamplingPreview } | null>(null)
  const [busy, attempt] = useBusy()
  const base = runOf(draft.value.spec), own = specFrom(queryText('run'))
  const run = merged(base, own)
  // Back to the default: what is changed here goes, and where the experiment's run has another value the default is said.
  const put = ({ path, default: usual }: Field) => (value: Json | undefined) => setQuery({ run: specText(set(own, path, value ?? (get(base, path) === undefined ? undefined : usual))) || null })
  if (!Object.keys(dataset.labels).length) return null
  const toml = writeToml(runWith(run, names('validation'), names('test')))
  const ask = () => attempt(async () => setPreview({ of: toml, data: await api.sampling(dataset.id, { toml }) }))
  return (
    <section class="stack">
      <div class="row between"><h3>Sampling</h3><button type="button" disabled={busy} onClick={() => void ask()} title="Reads the labels of the training cases">{busy ? 'Reading …' : 'Preview 200 patches'}</button></div>
      <Loaded of={schema}>{({ fields }) => <div>{asked.map(path => {
        const field = fields.find(one => one.path === path)
        return field && <FieldInput key={path} field={field} name={path.split('.')[1].replaceAll('_', ' ')} value={get(run, path)} onChange={put(field)} />
      })}</div>}</Loaded>
      {preview && <Shares dataset={dataset} data={preview.data} old={preview.of !== toml} />}
    </section>
  )
}

function Shares({ dataset, data, old }: { dataset: Dataset; data: SamplingPreview; old: boolean }) {
  const classes = Object.keys(dataset.labels)
  const most = Math.max(...data.cases.map(one => one.patches), 1)
  return (
    <>
      <p class="quiet small">{old && <span class="bad">Of the settings before; preview again. </span>}{grouped(data.patches)} patches of {size(data.patch_zyx)} voxels in an epoch of {plural(data.training_cases, 'training case')}{data.all_cases ? '' : `; ${data.cases.length} of them were read, so shares are like the run’s, not its own`}.</p>
      {data.warnings.map(text => <p key={text} class="bad small">{text}</p>)}
      <table class="plain tight small">
        <thead><tr><th>patch centre in</th><th class="right">expected</th><th class="right">realised</th><th class="right">of all voxels</th></tr></thead>
        <tbody>{data.classes.map(one => (
          <tr key={one.class}>
            <td><span class="badge"><i class="swatch" style={{ background: classes.includes(one.class) ? categorical(one.class, classes) : '#999999' }} />{one.class}</span></td>
            <td class="right">{percent(one.expected_share, 1)}</td><td class="right">{percent(one.realised_share, 1)}</td><td class="right">{percent(one.voxel_share, 2)}</td>
          </tr>
        ))}</tbody>
      </table>
      <PatchPlaces dataset={dataset} data={data} />
      <details>
        <summary class="small">Patches per case</summary>
        <table class="plain tight small">
          <thead><tr><th>case</th><th class="right">patches</th><th /></tr></thead>
          <tbody>{data.cases.map(one => <tr key={one.case}><td>{one.case}</td><td class="right">{one.patches}</td><td style={{ width: '55%' }}><span class="progress" style={{ width: '100%' }}><i style={{ width: `${(100 * one.patches) / most}%`, background: 'var(--accent)' }} /></span></td></tr>)}</tbody>
        </table>
      </details>
    </>
  )
}
