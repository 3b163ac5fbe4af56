// Sizes, spacings and labels of a dataset: how alike its cases are.
import { useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import type { Dataset, LabelCounts } from '../../api/types.ts'
import { categorical } from '../../lib/colour.ts'
import { fixed, grouped, isNumber, plural, size } from '../../lib/format.ts'
import { extent, finite, median } from '../../lib/statistics.ts'
import { useBusy } from '../../parts/use_busy.ts'

const axes = ['z', 'y', 'x']

export function DatasetFacts({ dataset }: { dataset: Dataset }) {
  const shapes = dataset.cases.map(one => one.shape_zyx).filter(one => one !== null)
  const spacings = dataset.cases.map(one => one.spacing_zyx_mm).filter(one => one !== null)
  const spread = (values: number[], digits: number) => {
    const [low, high] = extent(values)
    return low === high ? fixed(low, digits) : `${fixed(low, digits)} to ${fixed(high, digits)}, median ${fixed(median(values), digits)}`
  }
  const orientations = [...new Set(dataset.cases.map(one => one.orientation).filter(Boolean))]
  const bad = dataset.cases.filter(one => one.images.some(image => image.state === 'unreadable' || image.state === 'differs')).length
  const holes = dataset.cases.filter(one => one.images.some(image => image.state === 'missing')).length
  return (
    <section class="stack">
      <h3>Cases</h3>
      <dl class="facts">
        {shapes.length > 0 && axes.map((axis, i) => [<dt key={axis}>size {axis}</dt>, <dd key={axis + '='}>{spread(shapes.map(one => one[i]), 0)} voxels</dd>])}
        {spacings.length > 0 && axes.map((axis, i) => [<dt key={axis + 's'}>spacing {axis}</dt>, <dd key={axis + 's='}>{spread(finite(spacings.map(one => one[i])), 2)} mm</dd>])}
        <dt>orientation</dt><dd>{orientations.join(', ') || '–'}</dd>
        <dt>complete</dt><dd>{holes ? `${plural(holes, 'case')} with a missing modality` : 'every modality of every case'}</dd>
        {bad > 0 && <><dt>to look at</dt><dd class="bad">{plural(bad, 'case')} on another grid or unreadable</dd></>}
      </dl>
      <Labels dataset={dataset} />
    </section>
  )
}

function Labels({ dataset }: { dataset: Dataset }) {
  const [counts, setCounts] = useState<LabelCounts[]>([])
  const [busy, attempt] = useBusy()
  const names = Object.keys(dataset.labels)
  if (!names.length) return <p class="quiet">No labels.</p>
  const labelled = dataset.cases.filter(one => one.label.state !== 'missing')
  const countAll = () => attempt(async () => {
    const all: LabelCounts[] = []
    for (const one of labelled) {
      all.push(await api.labelCounts(dataset.id, one.index))
      setCounts([...all])
    }
  })
  const millilitres = (name: string) => counts.map(one => dataset.labels[name].reduce((sum, value) => sum + (one.voxels[String(value)] ?? 0), 0) * (one.voxel_ml ?? NaN))
  return (
    <section class="stack">
      <div class="row between"><h3>Labels</h3>{counts.length < labelled.length && <button type="button" disabled={busy} onClick={() => void countAll()}>{busy ? `${counts.length} of ${labelled.length}` : 'Count voxels'}</button>}</div>
      <table class="plain">
        <thead><tr><th>class</th><th>values</th>{counts.length > 0 && <><th class="right">in cases</th><th class="right">median, ml</th><th class="right">range, ml</th></>}</tr></thead>
        <tbody>{names.map(name => {
          const all = millilitres(name), some = all.filter(v => isNumber(v) && v > 0)
          const [low, high] = extent(some)
          return (
            <tr key={name}>
              <td><span class="badge"><i class="swatch" style={{ background: categorical(name, names) }} />{name}</span></td>
              <td>{dataset.labels[name].join(', ')}</td>
              {counts.length > 0 && <><td class="right">{some.length} of {grouped(counts.length)}</td><td class="right">{fixed(some.length ? median(some) : null, 2)}</td><td class="right">{some.length ? `${fixed(low, 2)} to ${fixed(high, 2)}` : size(null)}</td></>}
            </tr>
          )
        })}</tbody>
      </table>
    </section>
  )
}
