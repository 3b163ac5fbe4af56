// Beside the planes: where the cross-hair is and what lies there, the case, and how well each result does on it.
import { useEffect } from 'preact/hooks'
import type { Trial } from '../../api/types.ts'
import { classScores } from '../../lib/case_metrics.ts'
import { fixed, short, size } from '../../lib/format.ts'
import { worldOf } from '../../lib/geometry.ts'
import { ScoreTable } from '../../parts/score_table.tsx'
import { href } from '../../router.ts'
import { valueAt, wish } from './draw.ts'
import { classesOf, isJoined, isLabels, type LabelClass, type Layer, type Shown } from './layers.ts'
import { arrived, cursor } from './state.ts'

export function CaseFacts({ shown, experiments }: { shown: Shown; experiments: { experiment: string; trial: number }[] }) {
  const first = shown.layers[0]
  if (!first) return null
  const { volume } = first
  return (
    <div class="stack">
      <Cursor shown={shown} />
      <section>
        <h3>{shown.title}</h3>
        <dl class="facts small">
          {shown.one && <><dt>patient</dt><dd>{shown.one.patient}</dd><dt>scan</dt><dd>{shown.one.scan}</dd></>}
          <dt>size</dt><dd>{size(volume.size_zyx)} voxels</dd>
          <dt>spacing</dt><dd>{size(volume.spacing_zyx_mm)} mm</dd>
          <dt>orientation</dt><dd>{volume.orientation_known ? volume.orientation : 'not known'}</dd>
          <dt>type</dt><dd>{volume.type}, {volume.kind}</dd>
          {shown.one && shown.one.warnings.length > 0 && <><dt>warnings</dt><dd class="bad">{shown.one.warnings.join('; ')}</dd></>}
        </dl>
      </section>
      {shown.trials.map((trial, i) => <Result key={trial.trial} trial={trial} experiment={experiments[i]?.experiment} shown={shown} />)}
    </div>
  )
}

function Cursor({ shown }: { shown: Shown }) {
  void arrived.value
  const at = cursor.value
  // Values of layers that are not shown are fetched when the cross-hair rests.
  useEffect(() => {
    const timer = setTimeout(() => shown.layers.forEach(layer => layer.kind !== 'difference' && valueAt(layer, at) === null && wish(layer, at)), 500)
    return () => clearTimeout(timer)
  }, [at, shown])
  const [x, y, z] = worldOf(shown.layers[0].volume.affine, at)
  return (
    <section>
      <h3>Cross-hair</h3>
      <dl class="facts small">
        <dt>voxel</dt><dd>{at.join(', ')}</dd>
        {shown.layers[0].volume.orientation_known && <><dt>RAS</dt><dd>{[x, y, z].map(v => fixed(v, 1)).join(', ')} mm</dd></>}
        {shown.layers.filter(layer => layer.kind !== 'difference').map(layer => [<dt key={layer.id}>{layer.name}</dt>, <dd key={layer.id + '='}>{valueText(layer, valueAt(layer, at), classesOf(layer, shown))}</dd>])}
      </dl>
    </section>
  )
}

function valueText(layer: Layer, v: number | null, classes: LabelClass[]): string {
  if (v === null) return '–'
  if (!isLabels(layer.kind)) return short(v)
  if (layer.kind === 'roi') return v ? 'inside' : 'outside'
  return v === 0 ? 'background' : ((isJoined(layer) ? classes[0] : classes.find(one => one.value === v))?.name ?? `class ${v}`)
}

function Result({ trial, experiment, shown }: { trial: Trial; experiment: string | undefined; shown: Shown }) {
  const { measures, rows } = classScores(trial.metrics)
  const own = rows.filter(row => row.case === shown.one?.id)
  return (
    <section>
      <h3>{experiment ? <a href={href(['experiments', experiment, 'trials'], { trial: trial.trial })}>Trial {trial.trial}</a> : `Trial ${trial.trial}`}</h3>
      {own.length ? <ScoreTable measures={measures} rows={own} cases={false} /> : <p class="quiet small">It was not tested on this case.</p>}
    </section>
  )
}
