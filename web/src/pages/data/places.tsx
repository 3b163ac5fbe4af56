// The centres of a case's patches, seen along two axes of its files; a click shows the place in the viewer.
import type { CaseRow, Dataset, SamplingPreview } from '../../api/types.ts'
import { categorical } from '../../lib/colour.ts'
import { size } from '../../lib/format.ts'
import { Chart } from '../../parts/chart.tsx'
import { tip } from '../../parts/tip.tsx'
import { go, queryText, setQuery } from '../../router.ts'

type Place = SamplingPreview['places'][number]
const seen: { title: string; row: 0 | 1; column: 1 | 2 }[] = [{ title: 'along z', row: 1, column: 2 }, { title: 'along y', row: 0, column: 2 }, { title: 'along x', row: 0, column: 1 }]
const axes = 'zyx'

export function PatchPlaces({ dataset, data }: { dataset: Dataset; data: SamplingPreview }) {
  const counts = new Map<number, number>()
  for (const place of data.places) counts.set(place.case, (counts.get(place.case) ?? 0) + 1)
  const cases = dataset.cases.filter(one => counts.has(one.index) && one.shape_zyx)
  const index = queryText('of') ? Number(queryText('of')) : null
  const one = cases.find(each => each.index === index) ?? [...cases].sort((a, b) => counts.get(b.index)! - counts.get(a.index)!)[0]
  if (!one) return null
  const places = data.places.filter(place => place.case === one.index)
  const chooser = <select class="small" aria-label="Case whose patches are shown" value={one.index} onChange={event => setQuery({ of: event.currentTarget.value })}>{cases.map(each => <option key={each.index} value={each.index}>{each.id}</option>)}</select>
  return (
    <Chart title="Patch centres" tools={chooser} say="Of the case’s files, one dot per patch; click: there in the viewer." height={heightOf(one)}
      table={() => [['case', 'z', 'y', 'x', 'class'], ...data.places.map(place => [dataset.cases.find(each => each.index === place.case)?.id ?? place.case, ...place.centre_zyx, className(data, place)])]}
      draw={width => <Projections dataset={dataset} one={one} places={places} data={data} width={width} />} />
  )
}

const className = (data: SamplingPreview, { class: number }: Place): string => (number === null ? 'anywhere' : (data.classes[number]?.class ?? `class ${number}`))
const millimetres = (one: CaseRow): number[] => one.shape_zyx!.map((n, k) => n * (one.spacing_zyx_mm?.[k] || 1))
const shownWidth = 330, gap = 14, top = 16

/** All three views one scale, side by side in the width of the panel. */
function scaleOf(one: CaseRow, width: number): number {
  const mm = millimetres(one)
  return Math.max(width - 2 * gap - 6, 60) / seen.reduce((sum, view) => sum + mm[view.column], 0)
}
function heightOf(one: CaseRow): number {
  const mm = millimetres(one)
  return Math.ceil(Math.max(...seen.map(view => mm[view.row])) * scaleOf(one, shownWidth)) + top + 14
}

interface ProjectionProps { dataset: Dataset; one: CaseRow; places: Place[]; data: SamplingPreview; width: number }

function Projections({ dataset, one, places, data, width }: ProjectionProps) {
  const mm = millimetres(one), scale = scaleOf(one, Math.min(width, shownWidth))
  const names = Object.keys(dataset.labels)
  let left = 2
  return (
    <>
      {seen.map(view => {
        const x0 = left, w = mm[view.column] * scale, h = mm[view.row] * scale
        left += w + gap
        const at = (place: Place, axis: number) => (place.centre_zyx[axis] + 0.5) * (one.spacing_zyx_mm?.[axis] || 1) * scale
        return (
          <g key={view.title}>
            <text x={x0} y={11} font-size="11" style={{ fill: 'var(--quiet)' }}>{view.title}</text>
            <rect x={x0} y={top} width={w} height={h} fill="none" stroke="var(--line)" />
            {places.map((place, i) => {
              const name = className(data, place)
              return (
                <circle key={i} class="hit" cx={x0 + at(place, view.column)} cy={top + at(place, view.row)} r="2.6" fill={names.includes(name) ? categorical(name, names) : '#999999'} fill-opacity="0.75"
                  onClick={() => go(['viewer'], { dataset: dataset.id, case: one.index, at: place.centre_zyx.join(',') })} {...tip(`${one.id}: ${name}`, `centre ${place.centre_zyx.map((v, k) => `${axes[k]} ${v}`).join(', ')}`, `patch of ${size(data.patch_zyx)} voxels`)} />
              )
            })}
          </g>
        )
      })}
    </>
  )
}
