// The ways to look at a case: three planes, one plane, labels in 3-D, the same slice of everything, two results beside each other.
import { useMemo } from 'preact/hooks'
import type { View } from '../../lib/geometry.ts'
import { lazy } from '../../parts/lazy.tsx'
import { Empty } from '../../parts/states.tsx'
import type { Layer, Shown } from './layers.ts'
import { Pane } from './pane.tsx'
import { looks } from './state.ts'

const Volume3d = lazy(() => import('./volume3d.tsx').then(m => m.Volume3d))

export const modes = [
  { key: '1', name: 'planes' }, { key: '2', name: 'axial' }, { key: '3', name: 'coronal' }, { key: '4', name: 'sagittal' },
  { key: '5', name: 'labels' }, { key: '6', name: 'montage' }, { key: '7', name: 'compare' },
] as const

const single: Record<number, View> = { 2: 'axial', 3: 'coronal', 4: 'sagittal' }
interface Props { shown: Shown; mode: number; overview: boolean; view: View; onFocus: (view: View) => void }

export function Stage({ shown, mode, overview, view, onFocus }: Props) {
  // Images first, labels over them, so that the order of files does not matter.
  const layers = useMemo(() => [...shown.layers].sort((a, b) => rank(a) - rank(b)), [shown])
  if (mode === 5) return <div class="stage"><Volume3d shown={shown} labels={true} /></div>
  if (mode === 6) return <Montage layers={layers} view={view} onFocus={onFocus} />
  if (mode === 7) return <Compare shown={shown} layers={layers} view={view} onFocus={onFocus} />
  if (single[mode]) return <div class="stage"><Pane view={single[mode]} layers={layers} name={single[mode]} onFocus={onFocus} /></div>
  return (
    <div class="stage planes">
      <Pane view="axial" layers={layers} name="axial" onFocus={onFocus} />
      <Pane view="coronal" layers={layers} name="coronal" onFocus={onFocus} />
      <Pane view="sagittal" layers={layers} name="sagittal" onFocus={onFocus} />
      {overview ? <Volume3d shown={shown} labels={false} /> : <div class="pane" />}
    </div>
  )
}

const rank = (layer: Layer): number => ['image', 'roi', 'truth', 'prediction', 'difference'].indexOf(layer.kind)

// The same slice of every modality, and of the truth on the first of them.
function Montage({ layers, view, onFocus }: { layers: Layer[]; view: View; onFocus: (view: View) => void }) {
  const images = layers.filter(layer => layer.kind === 'image')
  const rest = layers.filter(layer => layer.kind === 'truth' || layer.kind === 'prediction')
  const tiles = [...images.map(layer => ({ name: layer.name, layers: [layer], ids: [layer.id] })), ...rest.map(layer => ({ name: layer.name, layers: images.length ? [images[0], layer] : [layer], ids: [images[0]?.id, layer.id].filter(Boolean) as string[] }))]
  const columns = Math.ceil(Math.sqrt(tiles.length * 1.3))
  return (
    <div class="stage montage" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {tiles.map(one => <Pane key={one.name} view={view} layers={one.layers} name={one.name} shown={new Set(one.ids)} onFocus={onFocus} />)}
    </div>
  )
}

function Compare({ shown, layers, view, onFocus }: { shown: Shown; layers: Layer[]; view: View; onFocus: (view: View) => void }) {
  const predictions = layers.filter(layer => layer.kind === 'prediction')
  const truth = layers.find(layer => layer.kind === 'truth')
  const sides = predictions.length > 1 ? predictions.slice(0, 2) : truth && predictions.length === 1 ? [truth, predictions[0]] : []
  if (!sides.length) return <div class="stage"><Empty title={`There are no two results of ${shown.title} to compare.`}>Select two trials in an experiment’s table and open them in the viewer, or click a cell of the leave-one-out matrix.</Empty></div>
  const base = [...looks.value].filter(([id, look]) => look.shown && id.startsWith('image:')).map(([id]) => id)
  const over = predictions.length > 1 && truth ? [truth.id] : []
  return (
    <div class="stage two">
      {sides.map(side => <Pane key={side.id} view={view} layers={layers.filter(layer => layer.kind === 'image' || layer.id === side.id || over.includes(layer.id))} name={side.name} shown={new Set([...base, side.id, ...over.filter(id => looks.value.get(id)?.shown)])} onFocus={onFocus} />)}
    </div>
  )
}
